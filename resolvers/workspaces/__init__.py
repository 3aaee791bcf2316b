"""Workspaces, their keys and the sites that may show them."""
