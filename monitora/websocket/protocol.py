"""The graphql-transport-ws protocol, by Strawberry's handler, with what a public server needs besides.

Frames that are not of the protocol close the socket with its codes, a syntax error ends one operation, each operation
has a context of its own, a token that expires or a session that ends closes the socket,
slow consumers are disconnected, and the pieces of an answer are sent without an execution of the graph for each.
"""

import asyncio
import copy
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

import structlog
from graphql import GraphQLError
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocketDisconnect
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived, WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation

from core.errors import ErrorCode, OperationError
from core.json import as_json
from data.viewer import Anonymous
from monitora.identity import bearer_token, context_of, is_over, watched
from resolvers.context import Context
from resolvers.services import Services
from schema.execution.adapter import OperationSchema
from schema.execution.delta_template import DeltaTemplate
from schema.plans.plan import sendable

logger = structlog.get_logger(__name__)

MAX_ID_CHARACTERS = 128
MAX_OPERATIONS = 50
"""Operations of one socket at a time: a page follows one answer, a dashboard a few streams."""
OVER = 4403
"""As for a token that is no good: clients take 4401 for final and 4403 for a reason to connect with another token."""
FAILED = 4500
GOING_AWAY = 1001
GOODBYE_SECONDS = 1.0
"""How long closing the sockets may take at a stop."""


@dataclass(slots=True)
class Socket:
    """What a websocket's operations share: where it comes from, and what its client said at the beginning."""

    services: Services
    connection: HTTPConnection
    connection_params: dict[str, Any] = field(default_factory=dict)

    @property
    def authorization(self) -> str | None:
        """What the client showed, in `connection_init` or in the handshake."""
        presented = self.connection_params.get("authorization") or self.connection_params.get("Authorization")
        return presented if isinstance(presented, str) else self.connection.headers.get("authorization")

    @property
    def expires_at(self) -> datetime | None:
        """When the client's token expires; None without one."""
        token = bearer_token(self.authorization)
        return None if token is None else self.services.tokens.expires_at(token)

    async def context(self) -> Context:
        """Return the context of one operation: the session is looked up again, for it may have ended."""
        return await context_of(self.services, self.connection, self.authorization)

    async def is_over(self) -> bool:
        """Tell whether what the client's token opened has ended. No, while the database cannot say."""
        token = bearer_token(self.authorization)
        try:
            return token is not None and await is_over(self.services, token)
        except Exception:
            logger.exception("session_not_looked_up")
            return False

    def watched(self) -> AbstractContextManager[asyncio.Event]:
        """Return what yields an event that is set when what the client's token opened may have ended."""
        return watched(self.services, bearer_token(self.authorization))

    async def is_refused(self) -> bool:
        """Tell whether the client showed a token that is no good."""
        viewer = (await self.context()).viewer
        return isinstance(viewer, Anonymous) and viewer.problem is not None


class SocketAdapter(ASGIWebSocketAdapter):
    """Sends JSON, and texts that are JSON already. The transport bounds what waits, and for how long."""

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        """Yield what the client sends. Raises `NonJsonMessageReceived`, also for JSON too deep or too large to hold."""
        try:
            async for message in super().iter_json(ignore_parsing_errors=ignore_parsing_errors):
                yield message
        except (ValueError, RecursionError) as error:
            raise NonJsonMessageReceived from error

    async def close(self, code: int, reason: str) -> None:
        """Close the socket, unless it is closed already."""
        with suppress(WebSocketDisconnect, RuntimeError):
            await super().close(code, reason)

    async def send_json(self, message: Any) -> None:
        """Send a message. Raises `WebSocketDisconnected` when the reader is gone."""
        await self.send_text(as_json(message).decode())

    async def send_text(self, text: str) -> None:
        """Send a text. Raises `WebSocketDisconnected` when the reader is gone."""
        try:
            await self.ws.send({"type": "websocket.send", "text": text})
        except (WebSocketDisconnect, RuntimeError) as error:
            raise WebSocketDisconnected from error


class GraphQLSocketHandler(BaseGraphQLTransportWSHandler[Any, None]):
    """One socket's protocol."""

    watch: asyncio.Task[None] | None = None

    async def handle(self) -> None:
        """Serve the socket until either side closes it, or what its token opened is over."""
        OPEN_SOCKETS.add(self)
        try:
            await super().handle()
        except Exception:
            logger.exception("websocket_failed")
            await self.websocket.close(FAILED, "The server failed")
        finally:
            OPEN_SOCKETS.discard(self)
            if self.watch is not None:
                self.watch.cancel()

    async def handle_connection_init(self, message: Any) -> None:
        """Greet the client, and keep an eye on what its token opened."""
        await super().handle_connection_init(message)
        expires_at = cast("Socket", self.context).expires_at
        if self.connection_acknowledged and expires_at is not None and self.watch is None:
            self.watch = asyncio.create_task(self._close_once_over(expires_at))

    async def handle_message(self, message: Any) -> None:
        """Serve a frame; close the socket with 4400 for one that is not of the protocol."""
        problem = _problem(message)
        if problem is not None:
            await self.handle_invalid_message(problem)
            return
        if message["type"] == "connection_init":
            message = {**message, "payload": message.get("payload") or {}}
        if message["type"] == "subscribe" and self.connection_acknowledged:
            try:
                message = {**message, "payload": self._written_out(message["payload"])}
            except OperationError as refusal:
                error = {"message": str(refusal), "extensions": {**refusal.extensions, "requestId": uuid4().hex}}
                await self.websocket.send_json({"id": message["id"], "type": "error", "payload": [error]})
                return
        await super().handle_message(message)

    async def handle_subscribe(self, message: Any) -> None:
        """Begin an operation; refuse one that is too many, and leave the others alone."""
        is_new = self.connection_acknowledged and message["id"] not in self.operations
        if is_new and len(self.operations) >= MAX_OPERATIONS:
            text = f"A socket has at most {MAX_OPERATIONS} operations at a time: complete one first."
            error = {"message": text, "extensions": {"code": ErrorCode.TOO_MANY_OPERATIONS.value}}
            await self.websocket.send_json({"id": message["id"], "type": "error", "payload": [error]})
            return
        await super().handle_subscribe(message)

    def _written_out(self, payload: dict[str, Any]) -> dict[str, Any]:
        # Strawberry does not hand the extensions of a frame on: an operation named by its hash is looked up here.
        persisted = cast("OperationSchema", self.schema).persisted
        return {**payload, "query": persisted.text_of(payload.get("query"), payload.get("extensions"))}

    async def run_operation(self, operation: Operation[Any, None]) -> None:
        """Run an operation on a copy of the handler that differs by its context: loaders and viewers are not shared."""
        handler = copy.copy(self)
        adapter = cast("SocketAdapter", self.websocket)
        with suppress(WebSocketDisconnected):
            try:
                handler.context = await cast("Socket", self.context).context()
            except Exception:
                logger.exception("operation_without_context")
                code = {"code": ErrorCode.INTERNAL.value}
                await operation.send_initial_errors([GraphQLError("The server failed: try again.", extensions=code)])
                return
            handler.context.delta_template = DeltaTemplate(adapter.send_text, operation.id)
            await BaseGraphQLTransportWSHandler.run_operation(handler, operation)

    async def _send_result_stream(self, operation: Operation[Any, None], result_source: Any) -> None:
        results = self.context.delta_template.without_probe(result_source)
        await super()._send_result_stream(operation, (sendable(result) async for result in results))

    async def _close_once_over(self, expires_at: datetime) -> None:
        socket, reason = cast("Socket", self.context), "The token has expired"
        review_seconds = socket.services.policy.access_reviewed_every.total_seconds()
        with socket.watched() as changed:
            while (left := (expires_at - datetime.now(UTC)).total_seconds()) > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), min(left, review_seconds))
                changed.clear()
                # A socket at rest learns of it at its next operation.
                if self.operations and await socket.is_over():
                    reason = "The session has ended"
                    break
        for operation_id in list(self.operations):
            await self.cleanup_operation(operation_id)
        await self.websocket.close(OVER, reason)

    @staticmethod
    def _get_pre_execution_close_reason(_error: Any) -> None:
        # A syntax error is the operation's: the socket's other operations go on.
        return None


OPEN_SOCKETS: set[GraphQLSocketHandler] = set()
"""The sockets of this process, to be told when it goes away."""


async def close_all_sockets() -> None:
    """Close every socket with 1001, so that clients attach to another process."""
    closing = [
        asyncio.create_task(handler.websocket.close(GOING_AWAY, "The server goes away")) for handler in OPEN_SOCKETS
    ]
    if closing:
        # Not for long: a reader that stalls takes not even this.
        await asyncio.wait(closing, timeout=GOODBYE_SECONDS)


def _problem(message: Any) -> str | None:
    """Say what keeps a frame from being one of the protocol's, or return None."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message is an object with a type"
    kind, payload = message["type"], message.get("payload")
    if kind in {"subscribe", "complete"} and not _is_id(message.get("id")):
        return f"An operation's id is a text of 1 to {MAX_ID_CHARACTERS} printable characters"
    if kind == "connection_init" and not isinstance(payload, dict | None):
        return "The payload of connection_init is an object"
    return _problem_of_operation(payload) if kind == "subscribe" else None


def _problem_of_operation(payload: Any) -> str | None:
    if not isinstance(payload, dict):
        return "The payload of subscribe is an object with a query"
    if not isinstance(payload.get("variables"), dict | None) or not isinstance(payload.get("extensions"), dict | None):
        return "Variables and extensions are objects"
    if not isinstance(payload.get("query"), str) and not (payload.get("query") is None and _names_a_hash(payload)):
        return "The payload of subscribe is an object with a query, or with a hash that names one"
    return None if isinstance(payload.get("operationName"), str | None) else "An operation's name is a text"


def _names_a_hash(payload: dict[str, Any]) -> bool:
    return (payload.get("extensions") or {}).get("persistedQuery") is not None


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_ID_CHARACTERS and value.isprintable()
