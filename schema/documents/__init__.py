"""The graph of documents."""
