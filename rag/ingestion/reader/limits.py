"""What one child process may use."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReaderLimits:
    """The limits of the child that reads one document. The kernel enforces the first two, the server the others."""

    memory_bytes: int = 768 * 1024 * 1024
    """Address space beyond what the empty child has."""
    cpu_seconds: int = 60
    """Time of a processor, in whole seconds: what the kernel counts by."""
    seconds: float = 600.0
    """How long the server waits for the child, all waits together. The child has the lowest priority, so this is many
    times `cpu_seconds`."""
    result_bytes: int = 64 * 1024 * 1024
    """Text of the chunks as the child sends it. Vectors are bounded by the number of chunks."""


DEFAULT_LIMITS = ReaderLimits()
