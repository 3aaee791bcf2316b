"""What every room stands on: nothing here knows the domain."""
