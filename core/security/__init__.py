"""Security primitives. Nothing here knows a table."""
