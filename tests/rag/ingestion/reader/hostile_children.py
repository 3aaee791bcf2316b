"""What a child does once its file has taken it over. The fork server of these tests runs `act` and not a reader.

The name of the document chooses what is done; what the child has seen comes back as the title.
"""

import ctypes
import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from rag.ingestion.chunk import Chunk
from rag.ingestion.reader.frames import Frame, Head, encode_chunks, encode_head, encode_vectors, frame

LIBC = ctypes.CDLL(None)
MEGABYTE = 1024 * 1024


def act(file: int, request: Mapping[str, Any]) -> Iterator[bytes]:
    yield from ACTS[request["name"]](file)


def head(title: str, count: int = 1) -> bytes:
    return frame(Frame.HEAD, encode_head(Head(title, "en", count, 1)))


def chunks(*contents: str) -> bytes:
    return frame(Frame.CHUNKS, encode_chunks([Chunk(0, content, (), None, 1) for content in contents]))


def raw_chunk(*values: Any) -> bytes:
    return frame(Frame.CHUNKS, json.dumps([values]).encode())


def seen(text: str) -> Iterator[bytes]:
    yield head(text)
    yield chunks("Text.")


def tell_environment(file: int) -> Iterator[bytes]:
    return seen(" ".join(sorted(os.environ)))


def tell_descriptors(file: int) -> Iterator[bytes]:
    numbers = []
    for number in range(100):
        with suppress(OSError):
            os.lseek(number, 0, os.SEEK_CUR)
            numbers.append(number)
        with suppress(OSError):
            os.read(number, 0)
            numbers.append(number)
    return seen(" ".join(map(str, sorted(set(numbers)))))


def tell_process(file: int) -> Iterator[bytes]:
    return seen(str(os.getpid()))


def try_everything(file: int) -> Iterator[bytes]:
    """Try what would let a child out, and tell what worked. The file holds the number of the server's process."""
    server = int(os.pread(file, 20, 0))
    os.close(0)  # so that a descriptor is free
    attempts: dict[str, Callable[[], Any]] = {
        "open": lambda: os.open("/proc/self/environ", os.O_RDONLY),
        "list": lambda: os.scandir("/"),
        "socket": socket.socket,
        "fork": lambda: os.fork() or os._exit(0),
        "execute": lambda: os.execv("/bin/true", ["true"]),
        "signal": lambda: os.kill(server, 0),
        "trace": lambda: called(LIBC.ptrace(16, server, None, None)),
        "write": lambda: os.write(file, b"x"),
        "truncate": lambda: os.ftruncate(file, 0),
        "limits": lambda: called(LIBC.setrlimit(9, ctypes.byref((ctypes.c_ulong * 2)(2**60, 2**60)))),
    }
    worked = []
    for name, attempt in attempts.items():
        with suppress(OSError):
            attempt()
            worked.append(name)
    return seen(" ".join(["worked:", *worked]))


def called(result: int) -> None:
    if result < 0:
        raise OSError


def take_memory(file: int) -> Iterator[bytes]:
    taken = []
    while True:
        taken.append(b"x" * MEGABYTE)
        yield from ()


def take_native_memory(file: int) -> Iterator[bytes]:
    LIBC.malloc.restype = ctypes.c_void_p
    while True:
        block = LIBC.malloc(4 * MEGABYTE)
        if not block:
            os.abort()
        ctypes.memset(block, 1, 4 * MEGABYTE)
        yield from ()


def compute(file: int) -> Iterator[bytes]:
    while True:
        yield from ()


def sleep(file: int) -> Iterator[bytes]:
    time.sleep(600)
    yield from ()


def crash(file: int) -> Iterator[bytes]:
    yield from ()
    ctypes.string_at(0)


def end(file: int) -> Iterator[bytes]:
    yield from ()
    os._exit(0)


def fail(file: int) -> Iterator[bytes]:
    yield head("Title")
    raise RuntimeError("The secret of the file.")


def send_without_end(file: int) -> Iterator[bytes]:
    yield head("Title", 50_000)
    while True:
        yield chunks(*["word " * 200] * 64)


def sleep_after_head(file: int) -> Iterator[bytes]:
    yield head("Title")
    yield from sleep(file)


ACTS: dict[str, Callable[[int], Iterator[bytes]]] = {
    "environment": tell_environment,
    "descriptors": tell_descriptors,
    "process": tell_process,
    "everything": try_everything,
    "memory": take_memory,
    "native memory": take_native_memory,
    "compute": compute,
    "sleep": sleep,
    "sleep after head": sleep_after_head,
    "crash": crash,
    "end": end,
    "fail": fail,
    "without end": send_without_end,
    # What is no reading.
    "garbage": lambda _: iter([b"\xff" * 100]),
    "a frame of 4 GB": lambda _: iter([b"\x01\xff\xff\xff\xff"]),
    "no JSON": lambda _: iter([frame(Frame.HEAD, b"pickle")]),
    "nested JSON": lambda _: iter([frame(Frame.HEAD, b"[" * 100_000)]),
    "another frame": lambda _: iter([chunks("Text.")]),
    "no chunks": lambda _: iter([head("Title", 0)]),
    "a language nobody has": lambda _: iter([frame(Frame.HEAD, b'["Title","xx",1,1]')]),
    "too many chunks": lambda _: iter([head("Title", 10**9)]),
    "a long title": lambda _: iter([head("x" * 10_000)]),
    "more chunks than said": lambda _: iter([head("Title"), chunks("One.", "Two.")]),
    "a long chunk": lambda _: iter([head("Title"), chunks("x" * 100_000)]),
    "a blank chunk": lambda _: iter([head("Title"), chunks(" ")]),
    "half a surrogate pair": lambda _: iter([head("Title"), raw_chunk("\ud800", [], None, 1)]),
    "a control character": lambda _: iter([head("Title"), raw_chunk("a\x00", [], None, 1)]),
    "a heading that is no text": lambda _: iter([head("Title"), raw_chunk("Text.", [{}], None, 1)]),
    "tokens below zero": lambda _: iter([head("Title"), raw_chunk("Text.", [], None, -1)]),
    "a refusal of another's": lambda _: iter([frame(Frame.REFUSAL, b'["INTERNAL","A message.",null]')]),
    "a refusal with a line for the log": lambda _: iter(
        [frame(Frame.REFUSAL, b'["FILE_UNREADABLE","A message.","x\\nlevel=info"]')]
    ),
    "a vector of length 2": lambda _: iter([head("Title"), chunks("Text."), vector(np.full(1024, 2 / 32))]),
    "a vector of no number": lambda _: iter([head("Title"), chunks("Text."), vector(np.full(1024, np.nan))]),
    "half a vector": lambda _: iter([head("Title"), chunks("Text."), vector(np.full(512, 1 / 32))]),
}


def vector(values: Any) -> bytes:
    return frame(Frame.VECTORS, encode_vectors(values.astype(np.float32)))


NOT_A_READING = list(ACTS)[list(ACTS).index("garbage") :]
