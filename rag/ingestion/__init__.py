"""From a stored file to indexed passages."""
