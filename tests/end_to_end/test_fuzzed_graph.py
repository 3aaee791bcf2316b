"""Operations that schemathesis makes up from the graph, sent to the real server: none finds a fault of ours."""

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from core.errors import ErrorCode
from schema.graph import NODES
from tests.support.examples import examples
from tests.support.server import Server
from tests.support.waiting import HANG_SECONDS

GRAPH = Path(__file__).parents[2] / "schema.graphql"
PASSWORD = "Ein Gartenzaun 47 im Regen"
LEFT_OUT = {
    "Mutation.uploadDocument",  # a file travels in a form: test_fuzzed_requests.py
    "Mutation.logout",  # the rest of the run would be anonymous
}

MOMENTS = st.datetimes(timezones=st.timezones(), allow_imaginary=False).map(lambda moment: moment.isoformat())
ODD = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", "\x00", "\u202e", "9" * 400, "a" * 3_000, "null", "{}", "' OR 1=1 --", "%00", "٣"]),
)
SCALARS = {
    "ID": st.one_of(st.sampled_from([f"<{kind}>" for kind in NODES]), ODD),
    "DateTime": st.one_of(MOMENTS, ODD),
    "Date": st.one_of(st.dates().map(str), ODD),
    "UUID": st.one_of(st.uuids().map(str), ODD),
    "URL": st.one_of(st.sampled_from(["https://example.com", "http://[::1]:80/", "https://☃.example"]), ODD),
    "Cursor": ODD,
    "Upload": ODD,
}


def _operations() -> list[st.SearchStrategy[Any]]:
    for name, values in SCALARS.items():
        schemathesis.graphql.scalar(name, values.map(nodes.String))
    found: Any = schemathesis.graphql.from_path(GRAPH).get_all_operations()
    operations = (operation.ok() for operation in found)
    return [operation.as_strategy() for operation in operations if operation.label not in LEFT_OUT]


@dataclass(frozen=True)
class Company:
    """An owner's and a visitor's way in, and the identifiers of what they have."""

    server: Server
    tokens: dict[str, str | None]
    identifiers: dict[str, str]

    def send(self, viewer: str, operation: str) -> requests.Response:
        for kind, identifier in self.identifiers.items():
            operation = operation.replace(f"<{kind}>", identifier)
        token = self.tokens[viewer]
        headers = {"origin": self.server.origin} | ({"authorization": f"Bearer {token}"} if token else {})
        return requests.post(self.server.http, json={"query": operation}, headers=headers, timeout=HANG_SECONDS)


@pytest.fixture(scope="module")
def company(server: Server) -> Company:
    """A company on the server, with a workspace, a key and a conversation."""
    made = Company(server, {"anonymous": None}, {})

    def ask(viewer: str, operation: str) -> dict[str, Any]:
        answer = made.send(viewer, operation).json()
        assert "errors" not in answer, answer
        return dict(answer["data"])

    email = f"{uuid.uuid4().hex}@example.com"
    registered = ask(
        "anonymous",
        f'mutation {{ register(input: {{email: "{email}", password: "{PASSWORD}"}}) {{'
        " ... on Session { accessToken user { id } } } }",
    )["register"]
    made.tokens["owner"] = registered["accessToken"]
    made.identifiers["User"] = registered["user"]["id"]
    workspace = ask(
        "owner",
        'mutation { createWorkspace(input: {name: "Shop"}) { ... on CreateWorkspacePayload {'
        " workspace { id insights { id } analytics { id } } } } }",
    )["createWorkspace"]["workspace"]
    made.identifiers["Workspace"] = workspace["id"]
    made.identifiers["Insights"] = workspace["insights"]["id"]
    made.identifiers["AnalyticsDay"] = workspace["analytics"][0]["id"]
    key = ask(
        "owner",
        'mutation { createApiKey(input: {workspaceId: "<Workspace>", name: "site"}) {'
        " ... on CreateApiKeyPayload { secret apiKey { id } } } }",
    )["createApiKey"]
    made.identifiers["ApiKey"] = key["apiKey"]["id"]
    visit = f'mutation {{ startVisit(input: {{apiKey: "{key["secret"]}"}}) {{ ... on Visit {{ token }} }} }}'
    made.tokens["visitor"] = ask("anonymous", visit)["startVisit"]["token"]
    sent = ask(
        "visitor",
        f'mutation {{ sendMessage(input: {{content: "Hello?", clientMessageId: "{uuid.uuid4()}"}}) {{'
        " ... on SendMessagePayload { question { id } conversation { id } } } }",
    )["sendMessage"]
    made.identifiers["Message"] = sent["question"]["id"]
    made.identifiers["Conversation"] = sent["conversation"]["id"]
    return made


@pytest.mark.parametrize("viewer", ["anonymous", "visitor", "owner"])
def test_whatever_is_asked_is_answered_or_refused_with_a_code(company: Company, viewer: str) -> None:
    @examples(20)
    @given(case=st.one_of(_operations()))
    def ask(case: Any) -> None:
        response = company.send(viewer, case.body)

        assert response.status_code < 500, case.body
        for error in response.json().get("errors", ()):
            code = error["extensions"]["code"]
            assert code in set(ErrorCode), case.body
            assert code != ErrorCode.INTERNAL, (case.body, error)
            assert error["extensions"]["requestId"]

    ask()
