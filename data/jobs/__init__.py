"""Background work as rows of the database."""
