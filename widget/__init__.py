"""The embeddable chat, the GraphiQL page and the demo site, as files that a server sends.

The TypeScript beside this module is built by ``npm run build``; the result is committed, so that serving needs only
Python.
"""

import json
from pathlib import Path

DIST: Path = Path(__file__).parent / "dist"
"""What ``npm run build`` writes: ``widget.js``, the chunk it loads when the chat opens, and ``graphiql/``."""

DEMO: Path = Path(__file__).parent / "demo"
"""A customer's site, with ``index.html`` in which ``__MONITORA_KEY__`` stands for a workspace's publishable key."""


def operations() -> dict[str, str]:
    """Return the GraphQL operations of the widget by the SHA-256 of their texts, as the build wrote them down."""
    manifest: dict[str, str] = json.loads((DIST / "operations.json").read_text(encoding="utf-8"))
    return manifest
