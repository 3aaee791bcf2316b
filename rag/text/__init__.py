"""Text as search compares it: languages, words, sentences, tokens."""
