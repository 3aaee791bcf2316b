"""The bounds of connections: how many, and how slow their clients may be."""

from dataclasses import dataclass

LONGEST_TICK_SECONDS = 1.0
TICKS_A_BOUND = 4
"""How often each bound is looked at: a client has at most a quarter more time than the bound says."""


@dataclass(frozen=True, slots=True)
class ConnectionBounds:
    """How many connections a process has, in all and from one address, and how slow a client may be.

    `header_seconds` bounds the time from the first byte of a request to the end of its headers. A body, and an answer
    that the client must read, move at `least_bytes_per_second` or more in each `stall_seconds`: a rate and not a time,
    for a large file takes a slow line long. `keep_alive_seconds` bounds the rest between two requests.
    """

    connections: int = 2_000
    connections_per_address: int = 250
    header_seconds: float = 10
    stall_seconds: float = 20
    least_bytes_per_second: int = 1_000
    keep_alive_seconds: float = 5

    @property
    def tick_seconds(self) -> float:
        """How often connections are looked at."""
        shortest = min(self.header_seconds, self.stall_seconds, self.keep_alive_seconds)
        return min(LONGEST_TICK_SECONDS, shortest / TICKS_A_BOUND)
