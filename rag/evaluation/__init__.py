"""Offline measurement of retrieval."""
