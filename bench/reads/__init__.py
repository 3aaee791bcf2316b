"""What a read costs the server, beside servers of the same graph and of the same rows: `make bench-reads`."""
