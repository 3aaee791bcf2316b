"""The settings of vectors: which server makes them, of which model, and how it is asked."""

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from monitora.settings.values import WEB, checked_url
from rag.models.mistral.embedder import MAX_DIMENSIONS, EmbeddingOptions

LOCAL = "local"
"""The name of the embedder that needs no server."""


class EmbeddingSettings(BaseSettings):
    """What `Settings` holds of vectors."""

    embeddings_url: str = Field(
        "", description="A server that speaks /v1/embeddings and makes the vectors; the model's server by default."
    )
    embeddings_key: SecretStr = Field(SecretStr(""), description="The key of that server; none by default.")
    embeddings_model: str = Field(
        "",
        max_length=70,
        validate_default=True,
        description="The model that makes vectors: mistral-embed by default; local for none.",
    )
    embeddings_dimensions: int = Field(
        0,
        ge=0,
        le=MAX_DIMENSIONS,
        description="Numbers of a vector that are asked for; 0 for what the model gives.",
    )
    embeddings_query_prefix: str = Field(
        "", max_length=1_000, description="What stands before each question, such as 'query: '."
    )
    embeddings_passage_prefix: str = Field(
        "", max_length=1_000, description="What stands before each passage, such as 'passage: '."
    )
    embeddings_input_type: bool = Field(
        default=False, description="Tells the server which texts are queries and which passages (input_type)."
    )
    embeddings_batch: int = Field(64, ge=1, le=1_000, description="Passages of one request for vectors.")
    embeddings_at_once: int = Field(2, ge=1, le=64, description="Requests for passages' vectors at a time.")

    @field_validator("embeddings_url")
    @classmethod
    def _of_vectors(cls, url: str) -> str:
        return checked_url(url, WEB, "http://127.0.0.1:8081")

    @field_validator("embeddings_model")
    @classmethod
    def _of_its_server(cls, model: str, info: ValidationInfo) -> str:
        if info.data.get("embeddings_url") and not model:
            raise ValueError("name the model that MONITORA_EMBEDDINGS_URL serves; its /v1/models lists them")
        if not model.isprintable():
            raise ValueError("a model's name is printable")
        return model

    @field_validator("embeddings_query_prefix", "embeddings_passage_prefix")
    @classmethod
    def _apart_from_the_text(cls, prefix: str) -> str:
        """Return a prefix with a space behind its colon, which files of variables lose."""
        return f"{prefix} " if prefix.endswith(":") else prefix

    @property
    def embeds_locally(self) -> bool:
        """Whether the embedder is the local one although there may be a server."""
        return self.embeddings_model == LOCAL

    def embedding_options(self) -> EmbeddingOptions:
        """Return how the server is asked."""
        return EmbeddingOptions(
            dimensions=self.embeddings_dimensions or None,
            query_prefix=self.embeddings_query_prefix,
            passage_prefix=self.embeddings_passage_prefix,
            input_type=self.embeddings_input_type,
            batch=self.embeddings_batch,
            at_once=self.embeddings_at_once,
        )
