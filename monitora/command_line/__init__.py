"""The command line, `monitora`: every job of an operator."""

import os

# Before numpy is read: a search is one product of a matrix and a vector, which two threads on busy cores do in four
# times the time of one (docs/retrieval.md).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from monitora.command_line.root import main

__all__ = ["main"]
