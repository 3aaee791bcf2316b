"""All that surrounds the execution of an operation."""
