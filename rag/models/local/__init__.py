"""Models without a server: lexical vectors, and an extractive answerer."""
