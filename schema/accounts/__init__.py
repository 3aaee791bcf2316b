"""The graph of accounts."""
