"""The operator's settings, from environment variables. `monitora settings` lists them."""

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from limits import RateLimitItem
from pydantic import AliasChoices, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from data.procedures import MAX_RETENTION_DAYS
from monitora.settings.connections import ConnectionSettings
from monitora.settings.crawling import CrawlSettings
from monitora.settings.data_folder import DATABASE, kept_signing_key, prepare_data_dir
from monitora.settings.embeddings import EmbeddingSettings
from monitora.settings.environment import (
    PREFIX,
    SECRETS,
    InvalidSettings,
    rates_from_environment,
    refuse_unknown,
    variable,
    variable_of,
)
from monitora.settings.storage import StorageSettings
from monitora.settings.values import REDIS, WEB, checked_database_url, checked_networks, checked_url, host_name, listed
from resolvers.policy import Introspection, Policy, Registration
from resolvers.rates import RATES

__all__ = ["InvalidSettings", "Settings", "described", "load_settings", "variable", "variable_of"]

MIN_SECRET_CHARACTERS = 32
"""HS256 wants a key as long as its hash: 256 bits (RFC 7518, 3.2)."""

MIN_METRICS_TOKEN_CHARACTERS = 16
"""What nobody guesses through a web server."""


NO_REWRITING = "off"
"""The model of rewriting where none rewrites."""


class Settings(ConnectionSettings, StorageSettings, CrawlSettings, EmbeddingSettings):
    """Every setting, its default and its bounds."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", arbitrary_types_allowed=True
    )

    data_dir: Path = Field(
        Path(".monitora"), description="Folder of the embedded database, the files and the secret key."
    )
    database_url: str = Field(
        "",
        description="SQLAlchemy URL: sqlite://… or mssql+aioodbc://…; a file in the data folder by default.",
    )
    pool_size: int = Field(5, ge=1, le=200, description="Database connections of one process.")
    jobs_at_once: int = Field(
        2, ge=1, le=64, description="Background jobs of one process at a time; one workspace has at most half."
    )
    statement_seconds: int = Field(30, ge=1, le=3_600, description="How long SQL Server may work on one statement.")
    row_level_security: bool = Field(
        False, description="SQL Server's row-level security, as defence in depth; `monitora migrate` switches it."
    )
    secret_key: SecretStr = Field(
        SecretStr(""), description="Signs tokens: 32 characters or more; made and kept in the data folder by default."
    )
    secret_key_previous: SecretStr = Field(
        SecretStr(""), description="Earlier secret keys, between spaces or commas: what they signed is still accepted."
    )
    encryption_key: SecretStr = Field(
        SecretStr(""), description="Encrypts the passwords of external databases; made from the secret key by default."
    )
    encryption_key_previous: SecretStr = Field(
        SecretStr(""),
        description="Earlier encryption keys: what they encrypted is read until `monitora rotate-secrets`.",
    )
    allowed_networks: str = Field(
        "",
        description="Private networks databases and websites may be in, such as 10.1.0.0/16; none by default.",
    )
    redis_url: str = Field(
        "", description="Redis, for several processes to share answers under way and news; in memory by default."
    )
    workers: int = Field(1, ge=1, le=64, description="Processes that serve the port; more than one need Redis.")
    host: str = Field("127.0.0.1", description="Address the server listens on.")
    port: int = Field(8000, ge=0, le=65_535, description="Port the server listens on.")
    public_url: str = Field("", description="Address browsers reach the server at, with its path, behind a proxy.")
    forwarded_allow_ips: str = Field("127.0.0.1", description="Proxies whose X-Forwarded-For and -Proto are believed.")
    mistral_api_key: Annotated[SecretStr, Field(validation_alias=AliasChoices("MISTRAL_API_KEY"))] = Field(
        SecretStr(""), description="Mistral's key: with it (or a server of your own) Mistral answers and embeds."
    )
    mistral_server_url: Annotated[str, Field(validation_alias=AliasChoices("MISTRAL_SERVER_URL"))] = Field(
        "", description="A server that speaks Mistral's API instead of Mistral's own, such as vLLM or Ollama."
    )
    chat_model: str = Field(
        "", max_length=100, description="The model of workspaces that keep the default one, mistral-small."
    )
    model_timeout_seconds: float = Field(
        30, gt=0, le=600, description="How long the model may stay silent, before its first token and between two."
    )
    rewrite_model: str = Field(
        "",
        max_length=100,
        description="Model that makes follow-ups stand alone for the search; empty for the workspace's, off for none.",
    )
    access_token_minutes: int = Field(15, ge=1, le=1_440, description="Lifetime of an access token.")
    session_days: int = Field(30, ge=1, le=365, description="Lifetime of a session that is not refreshed.")
    visitor_token_minutes: int = Field(60, ge=1, le=1_440, description="Lifetime of a visitor's token.")
    failed_logins_allowed: int = Field(5, ge=1, le=100, description="Wrong passwords before the account is locked.")
    lock_minutes: int = Field(15, ge=1, le=1_440, description="How long the account stays locked.")
    cache_hours: float = Field(
        24, ge=0, le=8_760, description="How long an answer is given again to the same question."
    )
    daily_tokens: int = Field(
        0, ge=0, le=10**12, description="Model tokens of one workspace in a day (UTC); 0 for no bound."
    )
    max_message_characters: int = Field(4_000, ge=1, le=100_000, description="Longest message of a visitor.")
    max_file_megabytes: int = Field(25, ge=1, le=25, description="Largest document.")
    retention_days: int = Field(
        365,
        ge=0,
        le=MAX_RETENTION_DAYS,
        description="Silent days after which a conversation is archived, and after as many again erased; 0 for never.",
    )
    max_operation_cost: int = Field(
        1_000_000,
        ge=1_000,
        le=100_000_000,
        description="Highest cost of one operation, about the values of the largest response it can have.",
    )
    max_visitor_operation_cost: int = Field(
        15_000,
        ge=10_000,
        le=100_000_000,
        description="The same for visitors and for who is not logged in.",
    )
    max_response_megabytes: int = Field(8, ge=1, le=100, description="Largest response of an account's operation.")
    max_visitor_response_megabytes: int = Field(
        1, ge=1, le=100, description="The same for visitors and for who is not logged in."
    )
    max_operation_depth: int = Field(20, ge=5, le=100, description="Fields inside one another in one operation.")
    registration: Registration = Field(
        Registration.OPEN, description="Who makes accounts: anybody (open), or the operator alone (closed)."
    )
    graphiql: bool = Field(True, description="Whether GraphiQL is served, at /graphiql.")
    introspection: Introspection = Field(
        Introspection.EVERYBODY,
        description="Who is shown the schema, and the names meant by a misspelt one: everybody, staff or nobody.",
    )
    persisted_operations_only: bool = Field(
        False, description="Whether those who are not logged in may run the widget's own operations only."
    )
    shutdown_grace_seconds: float = Field(
        10, ge=0, le=600, description="How long answers under way may go on at a stop."
    )
    rates: dict[str, RateLimitItem] = Field(default_factory=rates_from_environment)
    """One variable a rate, and none of its own: see `RATES`. An empty one is no limit."""
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged.")
    log_format: Literal["text", "json"] = Field("text", description="How it is logged.")
    metrics_token: SecretStr = Field(
        SecretStr(""), description="Shows /metrics to who sends it as a bearer token: 16 characters or more."
    )
    telemetry: bool = Field(
        default=False, description="Sends spans to the collector that the OTEL_EXPORTER_OTLP_* variables name."
    )

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        return checked_database_url(url)

    @field_validator("mistral_server_url")
    @classmethod
    def _of_a_model(cls, url: str) -> str:
        return checked_url(url, WEB, "http://127.0.0.1:8080")

    @field_validator("public_url")
    @classmethod
    def _of_a_site(cls, url: str) -> str:
        checked_url(url, WEB, "https://chat.example.com")
        if url and host_name(urlsplit(url).netloc.rpartition("@")[2]) is None:
            raise ValueError("its host is no name or address that a browser can ask for")
        return url

    @field_validator("redis_url")
    @classmethod
    def _of_redis(cls, url: str) -> str:
        return checked_url(url, REDIS, "redis://127.0.0.1:6379/0")

    @field_validator("metrics_token")
    @classmethod
    def _hard_to_guess(cls, token: SecretStr, info: ValidationInfo) -> SecretStr:
        if token.get_secret_value() and info.data.get("workers", 1) > 1:
            raise ValueError(
                "each process counts for itself, and behind one port each scrape would meet another: "
                "run servers of one worker, and scrape each"
            )
        if 0 < len(token.get_secret_value()) < MIN_METRICS_TOKEN_CHARACTERS:
            raise ValueError(f"a metrics token has {MIN_METRICS_TOKEN_CHARACTERS} characters or more")
        return token

    @field_validator("row_level_security")
    @classmethod
    def _of_sql_server(cls, wanted: bool, info: ValidationInfo) -> bool:
        if wanted and not str(info.data.get("database_url")).startswith("mssql"):
            raise ValueError("only SQL Server has row-level security; set MONITORA_DATABASE_URL to mssql+aioodbc://…")
        return wanted

    @field_validator("workers")
    @classmethod
    def _sharing_answers(cls, workers: int, info: ValidationInfo) -> int:
        if workers > 1 and not info.data.get("redis_url"):
            raise ValueError("several processes share answers under way through Redis: set MONITORA_REDIS_URL")
        return workers

    @field_validator("secret_key", "encryption_key")
    @classmethod
    def _long_enough(cls, secret: SecretStr) -> SecretStr:
        if 0 < len(secret.get_secret_value()) < MIN_SECRET_CHARACTERS:
            raise ValueError(f"a secret key has {MIN_SECRET_CHARACTERS} characters or more")
        return secret

    @field_validator("secret_key_previous", "encryption_key_previous")
    @classmethod
    def _each_long_enough(cls, secrets_: SecretStr) -> SecretStr:
        for secret in listed(secrets_.get_secret_value()):
            cls._long_enough(SecretStr(secret))
        return secrets_

    @field_validator("allowed_networks")
    @classmethod
    def _networks(cls, networks: str) -> str:
        return checked_networks(networks)

    @property
    def database(self) -> str:
        """The database's URL, the embedded one's when none was set."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / DATABASE}"

    @property
    def uses_mistral(self) -> bool:
        """Whether Mistral (or a server that speaks its API) answers and embeds."""
        return bool(self.mistral_api_key.get_secret_value() or self.mistral_server_url)

    @property
    def policy(self) -> Policy:
        """The limits as operations read them."""
        return Policy(
            access_token_lifetime=timedelta(minutes=self.access_token_minutes),
            session_lifetime=timedelta(days=self.session_days),
            visitor_token_lifetime=timedelta(minutes=self.visitor_token_minutes),
            failed_logins_allowed=self.failed_logins_allowed,
            lock_duration=timedelta(minutes=self.lock_minutes),
            max_message_characters=self.max_message_characters,
            max_file_bytes=self.max_file_megabytes * 2**20,
            max_workspaces=self.max_workspaces,
            max_website_pages=self.max_website_pages,
            quotas=self.quotas(),
            max_operation_cost=self.max_operation_cost,
            max_visitor_operation_cost=self.max_visitor_operation_cost,
            max_response_bytes=self.max_response_megabytes * 2**20,
            max_visitor_response_bytes=self.max_visitor_response_megabytes * 2**20,
            max_operation_depth=self.max_operation_depth,
            introspection=self.introspection,
            persisted_operations_only=self.persisted_operations_only,
            registration=self.registration,
            public_url=self.public_url.rstrip("/"),
        )

    def prepare_data_dir(self) -> None:
        """Make the data folder, and keep others out of it. Raises `InvalidSettings`."""
        prepare_data_dir(self.data_dir)

    def signing_keys(self) -> list[str]:
        """Return the keys whose signatures are accepted. The first signs. Raises `InvalidSettings`.

        Without `secret_key`, the first is made at the first start and kept in the data folder.
        """
        first = self.secret_key.get_secret_value() or kept_signing_key(self.data_dir)
        return [first, *listed(self.secret_key_previous.get_secret_value())]

    def encryption_keys(self) -> list[str]:
        """Return the keys that read the passwords of external databases. The first encrypts.

        The signing keys are read too: where there is no encryption key, they encrypt.
        """
        signing = self.signing_keys()
        present = self.encryption_key.get_secret_value() or signing[0]
        previous = listed(self.encryption_key_previous.get_secret_value())
        return list(dict.fromkeys([present, *previous, *signing]))

    def networks(self) -> list[IPv4Network | IPv6Network]:
        """Return the private networks that the server may connect to for its users."""
        return [ip_network(network) for network in listed(self.allowed_networks)]


def load_settings() -> Settings:
    """Read the settings. Raises `InvalidSettings`."""
    refuse_unknown([name for name, _, _ in described()])
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        name = field if field.isupper() else variable(field)
        reason = first["msg"].removeprefix("Value error, ")
        value = str(first["input"])
        # An address may hold a password before its @ or a key behind its ?.
        hidden = name in SECRETS or not {"@", "?"}.isdisjoint(value)
        revealed = "" if hidden else f" (got {value[:80]!r})"
        raise InvalidSettings(f"{name}: {reason}{revealed}") from error


def described() -> Iterator[tuple[str, str, str]]:
    """Yield each setting's variable, default and description."""
    inherited = ConnectionSettings.model_fields
    for name, field in sorted(Settings.model_fields.items(), key=lambda each: each[0] in inherited):
        if name == "rates":
            continue
        default = field.default
        revealed = default.get_secret_value() if isinstance(default, SecretStr) else str(default)
        yield variable(name), revealed, field.description or ""
    for rate in RATES:
        yield variable_of(rate), rate.default, f"{rate.what.capitalize()}; empty for no limit."
