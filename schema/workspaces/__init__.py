"""The graph of workspaces."""
