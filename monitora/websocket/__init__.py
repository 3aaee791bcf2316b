"""The graph over the websocket."""
