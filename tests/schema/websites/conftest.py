"""A server that may read websites on 127.0.0.1 without pauses, and a website for it."""

from collections.abc import Iterator

import pytest

from monitora.settings.settings import Settings
from tests.support.website import WebsiteServer


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings of a server that may connect to this machine, and waits for nobody."""
    return settings.model_copy(update={"allowed_networks": "127.0.0.0/8", "crawl_pause_seconds": 0.0})


@pytest.fixture
def site() -> Iterator[WebsiteServer]:
    """A website with nothing on it."""
    with WebsiteServer() as server:
        yield server
