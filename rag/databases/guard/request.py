"""What the server asks of a child that checks a statement."""

MAX_REQUEST_BYTES = 16 * 1024 * 1024
"""The most bytes of a statement and its allow list, as JSON."""
