"""What an operation does: one module a domain, plain async functions that take a context and values."""
