"""Looks at processes as Linux tells of them."""

from pathlib import Path


def children_of(parent: int) -> list[int]:
    """Return the numbers of the processes that `parent` started and that have not ended."""
    return [number for number, state, its_parent in _processes() if its_parent == parent and state != "Z"]


def is_alive(number: int) -> bool:
    """Tell whether a process runs; one that ended and was not waited for does not."""
    return any(other == number and state != "Z" for other, state, _ in _processes())


def out_of_memory_score(number: int) -> int:
    """Return what the kernel adds to a process's score when it looks for one to end, at most 1,000."""
    return int(Path(f"/proc/{number}/oom_score_adj").read_text("ascii"))


def _processes() -> list[tuple[int, str, int]]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text("utf-8", errors="replace")
        except OSError:
            continue  # it has ended meanwhile
        state, parent = text.rpartition(")")[2].split()[:2]
        found.append((int(path.parent.name), state, int(parent)))
    return found
