"""The people of the tests. Each asks the graph with a real token, read and checked as the server reads it."""

import io
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from starlette.datastructures import UploadFile
from strawberry.types import ExecutionResult

from data.models import Role
from data.viewer import Anonymous
from monitora.identity import viewer_of
from resolvers.accounts import accounts
from resolvers.context import Client, Context
from resolvers.services import Services
from schema import schema

PASSWORD = "correct horse battery"
GARDEN = (
    "# Garden centre\n\n"
    "## Opening hours\n\nThe garden centre opens at nine in the morning and closes at seven in the evening, from "
    "Monday to Saturday.\n\n"
    "## Delivery\n\nDelivery of plants costs twelve euros and takes three working days. Trees are delivered in "
    "autumn.\n\n"
    "## Returns\n\nA plant that dies within thirty days is replaced at no cost: bring it back with the receipt.\n"
)


class Refused(AssertionError):
    """The graph answered with errors where the test expected none."""


@dataclass
class Person:
    """Somebody with a token, or nobody in particular without one, on a page of the server's own by default."""

    services: Services
    token: str | None = None
    origin: str | None = "http://testserver"
    address: str | None = "127.0.0.1"

    async def context(self) -> Context:
        """Return the context of one operation."""
        client = Client(ip_address=self.address, user_agent="tests", origin=self.origin, host="testserver")
        viewer = await viewer_of(self.services, client, self.token) if self.token else Anonymous()
        return Context(viewer, self.services, client, self.token)

    async def execute(self, query: str, **variables: Any) -> ExecutionResult:
        """Run an operation and return all of its result."""
        result = await schema.execute(query, variable_values=variables, context_value=await self.context())
        assert isinstance(result, ExecutionResult)
        return result

    async def ask(self, query: str, **variables: Any) -> Any:
        """Run an operation that has no errors and return its data."""
        result = await self.execute(query, **variables)
        if result.errors:
            raise Refused(result.errors)
        return result.data

    async def refusal(self, query: str, **variables: Any) -> str:
        """Run an operation that is refused and return its first error's code."""
        result = await self.execute(query, **variables)
        assert result.errors, f"not refused: {result.data}"
        assert result.errors[0].extensions is not None
        return str(result.errors[0].extensions["code"])

    async def change(self, mutation: str, **input: Any) -> Any:
        """Run a mutation given as `name { fields of the payload }`, and return its result with its `__typename`."""
        name, _, fields = mutation.partition(" ")
        kind = name[0].upper() + name[1:]
        query = (
            f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ __typename "
            f"... on UserError {{ code message path }} {fields} }} }}"
        )
        return (await self.ask(query, input=input))[name]

    async def stream(self, query: str, **variables: Any) -> AsyncIterator[Any]:
        """Run a subscription and yield the data of its events."""
        async for result in await schema.subscribe(
            query, variable_values=variables, context_value=await self.context()
        ):
            if result.errors:
                raise Refused(result.errors)
            yield result.data

    async def chat(self, content: str, **input: Any) -> list[dict[str, Any]]:
        """Send a message and return the events of its answer."""
        values = {"content": content, "clientMessageId": str(uuid4()), **input}
        return [event["chat"] async for event in self.stream(CHAT, input=values)]


def file_of(content: bytes | str, name: str) -> UploadFile:
    """Return a file as it is uploaded."""
    body = content.encode() if isinstance(content, str) else content
    return UploadFile(io.BytesIO(body), filename=name)


CHAT = """
subscription ($input: ChatInput!) { chat(input: $input) {
  __typename answerId sequence
  ... on AnswerStarted { conversation { id title } message { id content } sources { documentName excerpt location } }
  ... on AnswerDelta { text }
  ... on AnswerFinished {
    message { id content role ragScore tokensUsed responseTimeMs cached sources { documentName } }
  }
  ... on AnswerFailed { code text retryable }
} }
"""


@dataclass
class Shop:
    """A workspace with its owner."""

    owner: Person
    id: str

    async def learn(self, content: bytes | str = GARDEN, name: str = "garden.md") -> dict[str, Any]:
        """Upload a document, wait for its end and return it."""
        made = await self.upload(content, name)
        assert made["__typename"] == "UploadDocumentPayload", made
        await self.owner.services.jobs.finish()
        fields = "id name status stage progress error errorCode chunkCount"
        query = f"query ($id: ID!) {{ node(id: $id) {{ ... on Document {{ {fields} }} }} }}"
        return dict((await self.owner.ask(query, id=made["document"]["id"]))["node"])

    async def upload(self, content: bytes | str, name: str, **input: Any) -> dict[str, Any]:
        """Upload a document, the same twice if need be, and return the mutation's result."""
        payload = "uploadDocument ... on UploadDocumentPayload { document { id name status } }"
        values = {"workspaceId": self.id, "file": file_of(content, name), "allowDuplicate": True}
        return dict(await self.owner.change(payload, **values | input))

    async def key(self, **input: Any) -> str:
        """Make an API key and return its secret."""
        payload = "createApiKey ... on CreateApiKeyPayload { secret }"
        return str((await self.owner.change(payload, workspaceId=self.id, name="site", **input))["secret"])

    async def visitor(self) -> Person:
        """Return a new visitor."""
        anyone = Person(self.owner.services)
        visit = await anyone.change("startVisit ... on Visit { token }", apiKey=await self.key())
        return Person(self.owner.services, visit["token"])


class People:
    """Makes people."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.anyone = Person(services)
        self._numbers = itertools.count(1)

    async def account(self, role: Role = Role.ADMIN) -> tuple[Person, str]:
        """Return somebody with an account, logged in, and their e-mail."""
        email = f"person{next(self._numbers)}@example.com"
        context = await self.anyone.context()
        await accounts.create_user(context, email, PASSWORD, None, role)
        opened = await accounts.login(context, email, PASSWORD)
        return Person(self.services, opened.access_token), email

    async def admin(self) -> Person:
        """Return a new administrator."""
        return (await self.account())[0]

    async def shop(self, owner: Person | None = None, **input: Any) -> Shop:
        """Return a new workspace, of a new administrator unless an owner is named."""
        owner = owner or await self.admin()
        made = await owner.change(
            "createWorkspace ... on CreateWorkspacePayload { workspace { id } }", **{"name": "Garden", **input}
        )
        return Shop(owner, made["workspace"]["id"])
