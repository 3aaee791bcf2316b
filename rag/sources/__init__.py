"""Where the bytes of documents come from and where they are kept."""
