"""The table, and which aims are reached."""

import statistics
from collections.abc import Iterator, Sequence

from bench.reads.load import Load
from bench.reads.measure import Loads
from bench.reads.operations import Operation
from bench.reads.servers import FASTAPI, MONITORA, YOGA

AIMS = ((Operation.TREE, FASTAPI, 1.0), (Operation.LIST, FASTAPI, 1.5), (Operation.TYPENAME, YOGA, 2.0))
"""An operation, a peer, and how many times its processor time Monitora may take, over one connection."""
HEAD = (
    "operation",
    "server",
    "CPU a request, ms (quartiles)",
    "Monitora : it",
    "CPU at 8 connections, ms",
    "Monitora : it",
    "requests/s, 1 and 8",
    "p50 / p99 at 1, ms",
    "at 8, ms",
)


def table(loads: Loads) -> Iterator[str]:
    """Yield the lines of a table in Markdown."""
    yield _line(HEAD)
    yield _line(["---"] * len(HEAD))
    for operation in Operation:
        for place, name in enumerate(dict.fromkeys(name for asked, name, _ in loads if asked is operation)):
            one, eight = loads[operation, name, 1], loads[operation, name, 8]
            low, median, high = _quartiles([load.cpu for load in one])
            yield _line(
                [
                    operation.value if place == 0 else "",
                    name,
                    f"{_ms(median)} ({_ms(low)}–{_ms(high)})",
                    _ratio_text(loads, operation, name, 1),
                    _ms(statistics.median(load.cpu for load in eight)),
                    _ratio_text(loads, operation, name, 8),
                    f"{_rate(one):,.0f}, {_rate(eight):,.0f}",
                    _latencies(one),
                    _latencies(eight),
                ]
            )


def aims(loads: Loads) -> Iterator[str]:
    """Yield a line for each aim whose servers were measured."""
    for operation, peer, most in AIMS:
        ratio = _ratio(loads, operation, peer, 1)
        if ratio is not None:
            reached = "reached" if ratio <= most else "not reached"
            yield f"- {operation}: {ratio:.2f}× {peer}; the aim, {most:.1f}×, is {reached}"


def _ratio(loads: Loads, operation: Operation, peer: str, connections: int) -> float | None:
    """Return how many times a peer's processor time Monitora takes, by the median of the rounds."""
    ours = loads.get((operation, MONITORA, connections), ())
    theirs = loads.get((operation, peer, connections), ())
    pairs = [our.cpu / their.cpu for our, their in zip(ours, theirs, strict=False)]
    return statistics.median(pairs) if pairs else None


def _ratio_text(loads: Loads, operation: Operation, peer: str, connections: int) -> str:
    ratio = None if peer == MONITORA else _ratio(loads, operation, peer, connections)
    return "" if ratio is None else f"{ratio:.2f}"


def _quartiles(values: Sequence[float]) -> list[float]:
    return statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3


def _rate(loads: Sequence[Load]) -> float:
    return statistics.median(load.rate for load in loads)


def _latencies(loads: Sequence[Load]) -> str:
    seen = sorted(latency for load in loads for latency in load.latencies)
    return f"{_ms(seen[len(seen) // 2])} / {_ms(seen[min(len(seen) - 1, int(len(seen) * 0.99))])}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.{1 if seconds >= 0.01 else 2}f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
