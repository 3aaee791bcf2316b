"""The graph and the pages over HTTP."""
