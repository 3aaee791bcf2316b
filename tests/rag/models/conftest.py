from collections.abc import Iterator

import pytest

from tests.mistral_server import MistralServer


@pytest.fixture(scope="session")
def running_mistral_server() -> Iterator[MistralServer]:
    with MistralServer() as server:
        yield server


@pytest.fixture
def mistral_server(running_mistral_server: MistralServer) -> MistralServer:
    """A server that speaks Mistral's wire format, with no behaviour queued and no request recorded."""
    running_mistral_server.forget()
    return running_mistral_server
