"""The settings of connections: for which hosts, how many, and how slow their clients may be."""

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from monitora.http.bounds import ConnectionBounds
from monitora.settings.values import checked_hosts

_DEFAULT = ConnectionBounds()


class ConnectionSettings(BaseSettings):
    """What `Settings` holds of connections."""

    allowed_hosts: str = Field(
        "", description="Hosts that requests may be for beside the public URL's, such as chat.internal,10.0.0.5."
    )
    max_connections: int = Field(
        _DEFAULT.connections, ge=10, le=100_000, description="Connections of one process, websockets among them."
    )
    max_connections_per_address: int = Field(
        _DEFAULT.connections_per_address,
        ge=1,
        le=100_000,
        description="Connections of one address; behind a proxy, requests and websockets of one client.",
    )
    header_seconds: float = Field(
        _DEFAULT.header_seconds,
        gt=0,
        le=600,
        description="How long a client may take for a request's headers, or a websocket's connection_init.",
    )
    stall_seconds: float = Field(
        _DEFAULT.stall_seconds,
        gt=0,
        le=600,
        description="How long a body, or the reading of an answer, may be slower than the least rate.",
    )
    least_bytes_per_second: int = Field(
        _DEFAULT.least_bytes_per_second, ge=1, le=1_000_000, description="The least rate of a body and of an answer."
    )
    keep_alive_seconds: float = Field(
        _DEFAULT.keep_alive_seconds, gt=0, le=600, description="How long a connection may rest between two requests."
    )

    @field_validator("allowed_hosts")
    @classmethod
    def _hosts(cls, hosts: str) -> str:
        return checked_hosts(hosts)

    @property
    def connection_bounds(self) -> ConnectionBounds:
        """The bounds as the server reads them."""
        return ConnectionBounds(
            connections=self.max_connections,
            connections_per_address=self.max_connections_per_address,
            header_seconds=self.header_seconds,
            stall_seconds=self.stall_seconds,
            least_bytes_per_second=self.least_bytes_per_second,
            keep_alive_seconds=self.keep_alive_seconds,
        )
