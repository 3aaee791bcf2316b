"""The open files of the process: each connection is one, and so are the database, Redis and the model's connections."""

import sys

BESIDE_CONNECTIONS = 256
"""What the server opens beside the connections of its clients, and what it accepts before it refuses."""


def allow_connections(wanted: int) -> int:
    """Let the process have that many connections, as far as the system allows it, and return how many it may have."""
    if sys.platform == "win32":
        return wanted
    import resource  # noqa: PLC0415 - there is none on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + BESIDE_CONNECTIONS
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(allowed - BESIDE_CONNECTIONS, allowed // 2)
