"""The graph of conversations."""
