"""From file to answer: parse, chunk, embed, index, retrieve, prompt, generate, stream, cache."""
