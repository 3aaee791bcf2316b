"""The command line, `monitora`: every job of an operator."""

from monitora.command_line.root import main

__all__ = ["main"]
