"""Relay's node and connections."""
