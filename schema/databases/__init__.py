"""The graph of external databases."""
