"""The graph of websites."""
