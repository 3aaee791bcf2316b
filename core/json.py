"""JSON as it is sent: compact, in UTF-8, with texts that are written already put in as they are (`orjson.Fragment`)."""

import json
from typing import Any

import orjson


def as_json(value: Any) -> bytes:
    """Return a value as JSON.

    A lone surrogate, which JSON may smuggle in and UTF-8 cannot encode, goes out as a question mark.
    """
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return text.encode(errors="replace")
