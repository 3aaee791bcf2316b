"""Search indexes of workspaces: the protocol, and its implementations."""
