"""The graph of analytics."""
