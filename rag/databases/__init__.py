"""The customer's own database: what may be read of it, and how it is read."""
