"""Rounds: in each, every server is loaded with every operation, one after the other, in another order each time."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from bench.reads import load
from bench.reads.load import Load
from bench.reads.operations import Call, Operation, comparable
from bench.reads.servers import Server

CONNECTIONS = (1, 8)
WARM_SECONDS = 3.0

Key = tuple[Operation, str, int]
"""What was asked, of which server, over how many connections."""
Loads = Mapping[Key, Sequence[Load]]


def request_of(server: Server, call: Call, token: str) -> bytes:
    """Return a request as bytes."""
    body = json.dumps(call.body).encode()
    return (
        f"POST {call.path} HTTP/1.1\r\nhost: 127.0.0.1:{server.port}\r\naccept: application/json\r\n"
        f"authorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode() + body


class Comparison:
    """Servers side by side, once they are seen to answer alike."""

    def __init__(self, servers: Sequence[Server], token: str) -> None:
        self.servers = servers
        self._token = token
        self._expected: dict[tuple[Operation, str], bytes] = {}

    async def compare_answers(self) -> None:
        """Ask everything once. Raises `AssertionError` when a server says something else than the first."""
        for operation in Operation:
            said = {}
            for server in self._of(operation):
                answer = await load.ask(server.port, self._request(server, operation))
                self._expected[operation, server.name] = answer
                said[server.name] = comparable(answer)["data"]
            name_of_first, first = next(iter(said.items()))
            for name, answer in said.items():
                differ = f"{operation}: {name} and {name_of_first} differ"
                assert answer == first, f"{differ}:\n{answer!s:.500}\n{first!s:.500}"

    async def warm_up(self) -> None:
        """Let each server do everything until it is compiled and cached."""
        for operation in Operation:
            for server in self._of(operation):
                await self._load(server, operation, CONNECTIONS[-1], WARM_SECONDS)

    async def measure(self, rounds: int, seconds: float, report: Callable[[int], None]) -> Loads:
        """Return the loads of each round, `seconds` each. Waits a moment between two, for what a server still does."""
        loads: dict[Key, list[Load]] = defaultdict(list)
        for number in range(rounds):
            report(number)
            for operation in Operation:
                servers = self._of(operation)
                start = number % len(servers)
                for server in servers[start:] + servers[:start]:
                    for connections in CONNECTIONS:
                        made = await self._load(server, operation, connections, seconds)
                        loads[operation, server.name, connections].append(made)
                        await asyncio.sleep(0.02)
        return loads

    async def _load(self, server: Server, operation: Operation, connections: int, seconds: float) -> Load:
        request, expected = self._request(server, operation), self._expected[operation, server.name]
        return await load.run(server.port, server.pid, request, expected, connections, seconds)

    def _of(self, operation: Operation) -> list[Server]:
        return [server for server in self.servers if operation in server.calls]

    def _request(self, server: Server, operation: Operation) -> bytes:
        return request_of(server, server.calls[operation], self._token)
