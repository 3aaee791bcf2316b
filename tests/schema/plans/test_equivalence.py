"""A plan answers what graphql-core answers: every query, for everyone who may look, over the same rows."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import orjson
import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from sqlalchemy import insert, text
from strawberry.types import ExecutionResult

from core.clock import now
from data.engine import Session
from data.models import Conversation, Message, MessageRole, global_id
from data.pages import Cursor
from monitora.settings.settings import Settings
from resolvers.services import Services
from schema import schema
from schema.plans.plan import PlannedResult
from schema.plans.planned import PLANS
from tests.schema.access.operations import operations
from tests.schema.access.selection import fields_of
from tests.schema.access.tenant import VIEWERS, TenantFixture, furnished
from tests.schema.plans.generated_queries import queries
from tests.support.examples import examples
from tests.support.executors import graphql_core_alone
from tests.support.people import Person


@pytest.fixture(name="tenant")
async def _tenant(services: Services, settings: Settings) -> TenantFixture:
    tenant = await furnished(services, settings.data_dir / "monitora.db")
    await services.database.write(lambda session: _talk(session, tenant))
    return tenant


@pytest.fixture(name="rows", params=("as written", "spoilt"))
async def _rows(tenant: TenantFixture, request: pytest.FixtureRequest) -> TenantFixture:
    """The tenant, with rows as the server writes them and as it never does."""
    if request.param == "spoilt":
        await tenant.services.database.write(lambda session: _spoil(session, tenant))
    return tenant


async def _talk(session: Session, tenant: TenantFixture) -> None:
    """Add three conversations of four messages to what the owner has, two of them of the visitor who looks."""
    workspace_id, visitor_id = (tenant.rows["conversations"][name] for name in ("workspace_id", "visitor_id"))
    for number in range(3):
        key, moment = uuid4(), now().replace(microsecond=number * 1000)
        await session.execute(
            insert(Conversation).values(
                id=key,
                workspace_id=workspace_id,
                visitor_id=visitor_id if number else "somebody",
                title=None if number else "Öffnungszeiten \\ “heute”\n",
                created_at=moment,
            )
        )
        for place in range(4):
            await session.execute(
                insert(Message).values(
                    conversation_id=key,
                    role=MessageRole.ASSISTANT if place % 2 else MessageRole.USER,
                    content="" if place == 3 else f"{place} \u2028 \x00 é",
                    rag_score=0.1 * place if place % 2 else None,
                    feedback=1 if place == 3 else None,
                    created_at=moment,
                )
            )


ODD_MESSAGES: tuple[dict[str, object], ...] = (
    {"tokens_used": 2**40, "feedback": 7, "created_at": "2026-01-19 08:30:00"},
    {"response_time_ms": 2.5, "created_at": "2026-01-19 08:30:00.5"},
    {"rag_score": float("inf"), "metadata": "[]"},
    {"rag_sources": '[{"document_id":"0","document_name":null}]', "metadata": '{"cached":{},"finish_reason":5}'},
    {"rag_sources": '{"kind":"page"}', "content": b"\xff bytes", "metadata": '{"model":"\\ud800"}'},
    {"rag_sources": "[{}]", "content": "long " * 50_000, "feedback_comment": ""},
    {
        "rag_sources": '[{"document_id":"' + "0" * 32 + '","document_name":"\\ud83d","chunk_index":4294967296,'
        '"excerpt":"e","score":NaN,"location":null,"url":"no address"}]',
        "updated_at": "0001-01-01 00:00:00.000000",
    },
)
"""What a message's columns never hold, but in a file that was written to past the server."""


async def _spoil(session: Session, tenant: TenantFixture) -> None:
    """Add a conversation of messages as no server writes them, and spoil what else the owner has."""
    visitor_id = tenant.rows["conversations"]["visitor_id"]
    key, workspace_id = uuid4(), tenant.rows["workspaces"]["id"]
    await session.execute(text("PRAGMA ignore_check_constraints = ON"))
    await session.execute(
        insert(Conversation).values(id=key, workspace_id=workspace_id, visitor_id=visitor_id, created_at=now())
    )
    for odd in ODD_MESSAGES:
        message = uuid4()
        plain = {"id": message, "conversation_id": key, "role": MessageRole.USER, "content": "odd"}
        await session.execute(insert(Message).values(plain))
        changed = ", ".join(f"{name} = :{name}" for name in odd)
        await session.execute(text(f"UPDATE messages SET {changed} WHERE id = :id"), {**odd, "id": message.hex})
    for spoilt in (
        "UPDATE message_topics SET sample_questions = '[1, null]', message_count = 3000000000",
        "UPDATE documents SET error_code = 'WHATEVER', file_size = 3000000000, progress = 1e999",
        "UPDATE workspace_databases SET port = 99999999999, username = NULL",
        "UPDATE app_sessions SET ip_address = x'ff', last_activity_at = '2026-01-19 08:30:00.25'",
        "UPDATE insights_cache SET avg_rag_score = NULL, total_messages = 1.5",
        "UPDATE analytics_daily SET avg_rag_score = -1e999, total_messages = 5000000000",
    ):
        await session.execute(text(spoilt))
    await session.execute(text("PRAGMA ignore_check_constraints = OFF"))


def values(tenant: TenantFixture) -> dict[str, Any]:
    """Return what the variables of generated queries hold."""
    ids = tenant.identifiers
    conversation = tenant.rows["conversations"]
    return {
        "workspace": ids["Workspace"],
        "conversation": ids["Conversation"],
        "message": ids["Message"],
        "document": ids["Document"],
        "topic": ids["MessageTopic"],
        "insights": ids["Insights"],
        "foreign": global_id("Workspace", uuid4()),
        "nothing": "nothing",
        "cursor": str(Cursor((conversation["created_at"], conversation["id"]))),
        "noCursor": "no cursor",
        "few": 2,
        "none": None,
        "yes": True,
        "no": False,
        "day": "2026-01-01",
    }


async def answered(person: Person, text: str, variables: Mapping[str, Any]) -> ExecutionResult:
    """Run an operation as the server does."""
    result = await schema.execute(text, dict(variables), context_value=await person.context())
    assert isinstance(result, ExecutionResult)
    return result


async def by_graphql_core(person: Person, text: str, variables: Mapping[str, Any]) -> ExecutionResult:
    """Run an operation without its plan."""
    with graphql_core_alone():
        return await answered(person, text, variables)


def written(result: ExecutionResult) -> tuple[bytes, list[str], Any]:
    """Return what is sent of a result: the data's bytes, its errors without the request's id, its cost."""
    data = result.json if isinstance(result, PlannedResult) else orjson.dumps(result.data)
    errors = [error.formatted for error in result.errors or ()]
    for error in errors:
        error.get("extensions", {}).pop("requestId", None)
    return data, sorted({_told(error, result.data) for error in errors}), result.extensions


def _told(error: Any, data: Any) -> str:
    """Return an error; of those below a null that took the place of its parent, where that null is.

    Which of them a response holds is a matter of which field ended first.
    """
    path = error.get("path", [])
    for depth, key in enumerate(path[:-1]):
        data = data[key]
        if data is None:
            return f"null at {path[: depth + 1]}"
    return repr(error)


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_every_field_is_answered_alike(rows: TenantFixture, viewer: str) -> None:
    person = rows.people[viewer]

    for operation in operations(rows, "Query"):
        planned = await answered(person, operation.text, operation.variables)
        executed = await by_graphql_core(person, operation.text, operation.variables)

        assert written(planned) == written(executed), operation.row


async def test_everything_that_can_be_read_is_planned(tenant: TenantFixture) -> None:
    unknown = PLANS.labels("unknown")
    before = unknown._value.get()

    for operation in operations(tenant, "Query"):
        result = await answered(tenant.people["owner"], operation.text, operation.variables)

        assert isinstance(result, PlannedResult), operation.row
    assert unknown._value.get() == before


EVERYTHING = queries(*fields_of("Query"))
OF_A_VISITOR = queries("conversation", "node")
ASKED = st.one_of(
    st.tuples(st.sampled_from(("owner", "lecteur")), EVERYTHING),
    st.tuples(st.sampled_from(("own visitor", "other visitor")), OF_A_VISITOR),
    st.tuples(st.sampled_from(("anonymous", "own visitor", "lecteur without")), EVERYTHING),
)
"""Who asks, and what."""


@examples(80)
@given(asked=ASKED)
async def test_any_query_is_answered_alike(rows: TenantFixture, asked: tuple[str, str]) -> None:
    viewer, text = asked
    variables = values(rows)
    person = rows.people[viewer]
    given_here = {name: value for name, value in variables.items() if f"${name}" in text}

    planned = await answered(person, text, given_here)
    executed = await by_graphql_core(person, text, given_here)

    event(f"{viewer}: {'planned' if isinstance(planned, PlannedResult) else 'left to graphql-core'}")
    assert written(planned) == written(executed)
