"""How many made-up inputs a test tries: a few, always the same, or as many as MONITORA_TEST_EXAMPLES asks for."""

import os

from hypothesis import HealthCheck, settings

ASKED = os.environ.get("MONITORA_TEST_EXAMPLES")


def examples(few: int) -> settings:
    """Return settings under which the ordinary suite tries `few` inputs."""
    return settings(
        max_examples=int(ASKED) if ASKED else few,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
