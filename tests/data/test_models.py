"""The tables as the specification draws them, on the models, on a migrated file, and as SQL Server would make them."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    Inspector,
    Integer,
    MetaData,
    Table,
    delete,
    insert,
    inspect,
    select,
    sql,
    text,
    update,
)
from sqlalchemy.dialects import mssql
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.schema import CreateIndex, CreateTable

from core.clock import now
from data.engine import Database
from data.models import (
    AnalyticsDaily,
    ApiKey,
    AppSession,
    AppUser,
    AuditAction,
    AuditEntry,
    Conversation,
    Document,
    DocumentChunk,
    DocumentVectors,
    InsightsCache,
    Job,
    JobKind,
    Message,
    MessageTopic,
    MessageTrace,
    Model,
    Website,
    WebsitePage,
    Workspace,
)
from tests.support.rows import Given, fetch, on_sqlite, one, run, unless_babelfish

SPECIFICATION = """
app_users
    id                              UNIQUEIDENTIFIER
    email                           NVARCHAR(255)
    password_hash                   NVARCHAR(500)
    password_salt                   NVARCHAR(255)
    full_name                       NVARCHAR(255)       null
    role                            NVARCHAR(50)        = admin
    is_active                       BIT                 = 1
    failed_login_attempts           INTEGER             = 0
    locked_until                    DATETIME2(6)        null
    created_at                      DATETIME2(6)        = now
    updated_at                      DATETIME2(6)        = now
    last_login_at                   DATETIME2(6)        null
app_sessions
    id                              UNIQUEIDENTIFIER
    user_id                         UNIQUEIDENTIFIER    -> app_users cascade
    token_hash                      NVARCHAR(500)
    refresh_token_hash              NVARCHAR(500)       null
    ip_address                      NVARCHAR(50)        null
    user_agent                      NVARCHAR(500)       null
    created_at                      DATETIME2(6)        = now
    expires_at                      DATETIME2(6)
    last_activity_at                DATETIME2(6)        null
profiles
    id                              UNIQUEIDENTIFIER    -> app_users cascade
    avatar_url                      NVARCHAR(max)       null
    phone                           NVARCHAR(20)        null
    country                         NVARCHAR(100)       null
    role                            NVARCHAR(50)        = admin
    bio                             NVARCHAR(max)       null
    preferences                     NVARCHAR(max)       null
    created_at                      DATETIME2(6)        = now
    updated_at                      DATETIME2(6)        = now
workspaces
    id                              UNIQUEIDENTIFIER
    user_id                         UNIQUEIDENTIFIER    -> profiles cascade
    name                            NVARCHAR(255)
    description                     NVARCHAR(max)       null
    website_url                     NVARCHAR(max)       null
    allowed_domains                 NVARCHAR(max)       null
    custom_css                      NVARCHAR(max)       null
    is_active                       BIT                 = 1
    model                           NVARCHAR(100)       = mistral-small
    temperature                     FLOAT               = 0.7
    max_tokens                      INTEGER             = 900
    system_prompt                   NVARCHAR(max)       null
    created_at                      DATETIME2(6)        = now
    updated_at                      DATETIME2(6)        = now
documents
    id                              UNIQUEIDENTIFIER
    workspace_id                    UNIQUEIDENTIFIER    -> workspaces cascade
    name                            NVARCHAR(500)
    file_path                       NVARCHAR(max)
    file_type                       NVARCHAR(50)
    file_size                       BIGINT
    is_indexed                      BIT                 = 0
    embedding_model                 NVARCHAR(100)       null
    chunk_count                     INTEGER             = 0
    created_at                      DATETIME2(6)        = now
    updated_at                      DATETIME2(6)        = now
    deleted_at                      DATETIME2(6)        null
document_chunks
    id                              UNIQUEIDENTIFIER
    document_id                     UNIQUEIDENTIFIER    -> documents cascade
    workspace_id                    UNIQUEIDENTIFIER    -> workspaces
    chunk_index                     INTEGER
    content                         NVARCHAR(max)
    token_count                     INTEGER
    embedding                       VARBINARY(max)
    created_at                      DATETIME2(6)        = now
conversations
    id                              UNIQUEIDENTIFIER
    workspace_id                    UNIQUEIDENTIFIER    -> workspaces cascade
    visitor_id                      NVARCHAR(255)
    visitor_name                    NVARCHAR(255)       null
    visitor_email                   NVARCHAR(255)       null
    title                           NVARCHAR(500)       null
    is_active                       BIT                 = 1
    message_count                   INTEGER             = 0
    last_message_at                 DATETIME2(6)        null
    created_at                      DATETIME2(6)        = now
    updated_at                      DATETIME2(6)        = now
    archived_at                     DATETIME2(6)        null
messages
    id                              UNIQUEIDENTIFIER
    conversation_id                 UNIQUEIDENTIFIER    -> conversations cascade
    role                            NVARCHAR(20)
    content                         NVARCHAR(max)
    tokens_used                     INTEGER             null
    response_time_ms                INTEGER             null
    rag_score                       FLOAT               null
    rag_sources                     NVARCHAR(max)       null
    feedback                        INTEGER             null
    is_resolved                     BIT                 = 0
    metadata                        NVARCHAR(max)       null
    created_at                      DATETIME2(6)        = now
    updated_at                      DATETIME2(6)        = now
message_topics
    id                              UNIQUEIDENTIFIER
    workspace_id                    UNIQUEIDENTIFIER    -> workspaces cascade
    topic_name                      NVARCHAR(255)
    message_count                   INTEGER             = 0
    sample_questions                NVARCHAR(max)       null
    created_at                      DATETIME2(6)        = now
    updated_at                      DATETIME2(6)        = now
response_cache
    id                              UNIQUEIDENTIFIER
    workspace_id                    UNIQUEIDENTIFIER    -> workspaces cascade
    question_hash                   NVARCHAR(255)
    original_question               NVARCHAR(max)
    cached_response                 NVARCHAR(max)
    ttl_seconds                     INTEGER
    hit_count                       INTEGER             = 0
    created_at                      DATETIME2(6)        = now
    expires_at                      DATETIME2(6)        null
analytics_daily
    id                              UNIQUEIDENTIFIER
    workspace_id                    UNIQUEIDENTIFIER    -> workspaces cascade
    date                            DATE
    total_conversations             INTEGER             = 0
    total_messages                  INTEGER             = 0
    unique_visitors                 INTEGER             = 0
    avg_messages_per_conversation   FLOAT               null
    avg_response_time_ms            FLOAT               null
    avg_rag_score                   FLOAT               null
    satisfaction_rate               FLOAT               null
    created_at                      DATETIME2(6)        = now
    updated_at                      DATETIME2(6)        = now
insights_cache
    id                              UNIQUEIDENTIFIER
    workspace_id                    UNIQUEIDENTIFIER    -> workspaces cascade
    satisfaction_rate               FLOAT               null
    avg_rag_score                   FLOAT               null
    avg_messages_per_conversation   FLOAT               null
    low_confidence_count            INTEGER             = 0
    total_conversations             INTEGER             = 0
    total_messages                  INTEGER             = 0
    calculated_at                   DATETIME2(6)        = now
api_keys
    id                              UNIQUEIDENTIFIER
    workspace_id                    UNIQUEIDENTIFIER    -> workspaces cascade
    name                            NVARCHAR(255)
    key_prefix                      NVARCHAR(20)
    key_hash                        NVARCHAR(255)
    last_used_at                    DATETIME2(6)        null
    expires_at                      DATETIME2(6)        null
    created_at                      DATETIME2(6)        = now
    updated_at                      DATETIME2(6)        = now
workspace_databases
    id                              UNIQUEIDENTIFIER
    workspace_id                    UNIQUEIDENTIFIER    -> workspaces cascade
    name                            NVARCHAR(255)
    db_type                         NVARCHAR(50)
    host                            NVARCHAR(255)
    port                            INTEGER
    database                        NVARCHAR(255)
    username                        NVARCHAR(255)       null
    password_encrypted              NVARCHAR(500)       null
    description                     NVARCHAR(max)       null
    is_active                       BIT                 = 1
    created_at                      DATETIME2(6)        = now
    updated_at                      DATETIME2(6)        = now
"""
"""Each table with its columns: type on SQL Server, whether NULL is a value, server's default, foreign key."""

INDEXES = {
    "idx_users_email": ("app_users", ["email"]),
    "idx_sessions_token": ("app_sessions", ["token_hash"]),
    "idx_sessions_user": ("app_sessions", ["user_id"]),
    "idx_sessions_expires": ("app_sessions", ["expires_at"]),
    "idx_workspaces_user_id": ("workspaces", ["user_id"]),
    "idx_documents_workspace_id": ("documents", ["workspace_id"]),
    "idx_document_chunks_document": ("document_chunks", ["document_id"]),
    "idx_document_chunks_workspace": ("document_chunks", ["workspace_id"]),
    "idx_conversations_workspace": ("conversations", ["workspace_id"]),
    "idx_conversations_visitor": ("conversations", ["workspace_id", "visitor_id"]),
    "idx_messages_conversation": ("messages", ["conversation_id", "created_at"]),
    "idx_message_topics_workspace": ("message_topics", ["workspace_id"]),
    "idx_response_cache_workspace": ("response_cache", ["workspace_id"]),
    "idx_response_cache_hash": ("response_cache", ["workspace_id", "question_hash"]),
    "idx_analytics_workspace_date": ("analytics_daily", ["workspace_id", "date"]),
    "idx_api_keys_workspace_id": ("api_keys", ["workspace_id"]),
    "idx_api_keys_key_prefix": ("api_keys", ["key_prefix"]),
    "idx_workspace_databases_workspace": ("workspace_databases", ["workspace_id"]),
}
"""The specification's indexes, and the columns each begins with: what follows them serves pages and clustering."""

UNIQUES = {
    ("app_users", ("email",)),
    ("api_keys", ("key_hash",)),
    ("app_sessions", ("token_hash",)),
    ("message_topics", ("workspace_id", "topic_name")),
    ("analytics_daily", ("workspace_id", "date")),
    ("insights_cache", ("workspace_id",)),
}


def specified() -> Iterator[tuple[str, str, str, str]]:
    """Yield (table, column, type, rest) of each line."""
    table = ""
    for line in SPECIFICATION.strip().splitlines():
        if not line.startswith(" "):
            table = line
        else:
            column, kind, *rest = line.split(maxsplit=2)
            yield table, column, kind, "".join(rest)


COLUMNS = list(specified())
TABLES = Model.metadata.tables
ON_SQL_SERVER = mssql.dialect()  # type: ignore[no-untyped-call]
ON_SQL_SERVER.server_version_info = (16,)  # type: ignore[assignment]  # SQLAlchemy writes DATE as DATETIME for a server it does not know


def reflect(connection: Any) -> dict[str, Any]:
    inspector: Inspector = inspect(connection)
    return {
        name: {
            "columns": {column["name"]: column for column in inspector.get_columns(name)},
            "foreign_keys": {key["constrained_columns"][0]: key for key in inspector.get_foreign_keys(name)},
            "uniques": {tuple(unique["column_names"]) for unique in inspector.get_unique_constraints(name)},
            "checks": {check["name"] for check in inspector.get_check_constraints(name)},
            "indexes": {index["name"]: index["column_names"] for index in inspector.get_indexes(name)},
        }
        for name in inspector.get_table_names()
    }


@pytest.fixture
async def tables(database: Database) -> dict[str, Any]:
    """What the migrated file says of its tables."""
    return await database.inspect(reflect)


def test_all_fourteen_tables_are_there() -> None:
    drawn = {table for table, *_ in COLUMNS}

    assert len(drawn) == 14
    assert set(TABLES) - drawn == {
        "audit_log",
        "document_vectors",
        "jobs",
        "message_traces",
        "storage_usage",
        "website_pages",
        "websites",
        "workspace_figures",
        "workspace_members",
    }


@on_sqlite
async def test_the_migrated_file_holds_the_specified_columns(tables: dict[str, Any]) -> None:
    for table, column, _, rest in COLUMNS:
        found = tables[table]["columns"][column]
        assert found["nullable"] == (rest == "null"), f"{table}.{column}"
        wanted = rest.removeprefix("= ") if rest.startswith("= ") else None
        stored = found["default"] and found["default"].strip("'")
        assert ("now" if stored and "strftime" in stored else stored) == wanted, f"{table}.{column}"


def test_sql_server_gets_the_specified_types_and_defaults() -> None:
    for table, column, kind, rest in COLUMNS:
        declared = TABLES[table].c[column]
        written_type = str(declared.type.compile(dialect=ON_SQL_SERVER)).partition(" COLLATE ")[0]
        # FLOAT is DOUBLE PRECISION: both have 53 bits.
        assert written_type.replace("DOUBLE PRECISION", "FLOAT") == kind, f"{table}.{column}"
        statement = str(CreateTable(TABLES[table]).compile(dialect=ON_SQL_SERVER))
        written = re.search(rf"^\s*\[?{column}\]? .*$", statement, re.MULTILINE)
        assert written, f"{table}.{column}"
        assert ("NOT NULL" in written[0]) == (rest != "null")
        if rest == "= now":
            assert "SYSUTCDATETIME()" in written[0]


@on_sqlite
async def test_foreign_keys_cascade_where_the_specification_says(tables: dict[str, Any]) -> None:
    for table, column, _, rest in COLUMNS:
        if not rest.startswith("-> "):
            continue
        parent, *cascade = rest.removeprefix("-> ").split()
        key = tables[table]["foreign_keys"][column]
        assert (key["referred_table"], key["referred_columns"]) == (parent, ["id"])
        assert key["options"].get("ondelete") == ("CASCADE" if cascade else None), f"{table}.{column}"


@on_sqlite
async def test_uniques_checks_and_indexes_are_in_the_migrated_file(tables: dict[str, Any]) -> None:
    assert {(name, columns) for name, table in tables.items() for columns in table["uniques"]} >= UNIQUES
    assert {check for table in tables.values() for check in table["checks"]} == {
        "CHK_app_users_role",
        "CHK_messages_role",
        "CHK_messages_rag_score",
        "CHK_messages_feedback",
        "CHK_documents_file_size",
        "CHK_db_type",
    }
    for index, (table, columns) in INDEXES.items():
        assert tables[table]["indexes"][index][: len(columns)] == columns


@on_sqlite
async def test_the_migrated_file_is_what_the_models_describe(tables: dict[str, Any]) -> None:
    for name, table in TABLES.items():
        # A column added later stands last in the file.
        assert tables[name]["columns"].keys() == {column.name for column in table.columns}
        assert tables[name]["indexes"].keys() == {index.name for index in table.indexes}


async def test_the_client_and_the_server_agree_on_defaults(database: Database, given: Given) -> None:
    """A row written by hand, with what is required and no more, equals one written through its model."""
    workspace_id = await given.workspace()
    conversation_id = await given.conversation(workspace_id)
    required: dict[str, dict[str, Any]] = {
        "app_users": {"email": "x", "password_hash": "x", "password_salt": "x"},
        "workspaces": {"user_id": await given.account(), "name": "x"},
        "documents": {"workspace_id": workspace_id, "name": "x", "file_path": "x", "file_type": "x", "file_size": 1},
        "conversations": {"workspace_id": workspace_id, "visitor_id": "x"},
        "insights_cache": {"workspace_id": workspace_id},
        "messages": {"conversation_id": conversation_id, "role": "user", "content": "x"},
        "message_topics": {"workspace_id": workspace_id, "topic_name": "x"},
        "response_cache": {
            "workspace_id": workspace_id,
            "question_hash": "x",
            "original_question": "x",
            "cached_response": {},
            "ttl_seconds": 60,
        },
        "workspace_databases": {
            "workspace_id": workspace_id,
            "name": "x",
            "db_type": "mysql",
            "host": "x",
            "port": 1,
            "database": "x",
        },
    }
    models = {mapper.class_.__tablename__: mapper.class_ for mapper in Model.registry.mappers}
    for name, values in required.items():
        model = models[name]
        by_hand = {"id": uuid4()} | values
        bare = sql.table(name, *(sql.column(key, TABLES[name].c[key].type) for key in by_hand))
        await run(database, insert(bare).values(by_hand))
        stored = await one(database, model, by_hand["id"])
        await run(database, delete(model).where(model.id == by_hand["id"]))

        through_model = await one(database, model, await given.row(model(**values)))

        for key in inspect(model).columns.keys():  # noqa: SIM118 - a collection of columns, not a dictionary
            if key != "id" and not key.endswith("_at"):
                assert getattr(stored, key) == getattr(through_model, key), f"{name}.{key}"


async def test_the_servers_clock_writes_utc_as_the_models_read_it(database: Database) -> None:
    before = now() - timedelta(milliseconds=1)  # SQLite's clock counts milliseconds
    await run(
        database,
        text(f"INSERT INTO app_users (id, email, password_hash, password_salt) VALUES ('{uuid4()}', 'x', 'x', 'x')"),
    )

    [(created_at,)] = await fetch(database, select(AppUser.created_at))

    assert before <= created_at <= now()


async def refused(database: Database, statement: Any, *, because: str) -> None:
    with pytest.raises(IntegrityError, match=f"(?i){because}"):
        await run(database, statement)


async def test_values_outside_the_specified_ranges_are_refused(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    await given.external_database(workspace_id)
    await given.document(workspace_id)
    await given.message(await given.conversation(workspace_id))

    await refused(database, text("UPDATE app_users SET role = 'owner'"), because="CHK_app_users_role")
    await refused(database, text("UPDATE messages SET role = 'system'"), because="CHK_messages_role")
    await refused(database, text("UPDATE workspace_databases SET db_type = 'oracle'"), because="CHK_db_type")
    await refused(database, update(Document).values(file_size=0), because="CHK_documents_file_size")
    for score in (-0.001, 1.001):
        await refused(database, update(Message).values(rag_score=score), because="CHK_messages_rag_score")
    for feedback in (-2, 2):
        await refused(database, update(Message).values(feedback=feedback), because="CHK_messages_feedback")


@pytest.mark.parametrize(
    "values", [{"rag_score": 0.0, "feedback": -1}, {"rag_score": 1.0, "feedback": 0}, {"feedback": 1}]
)
async def test_values_at_the_limits_are_stored(database: Database, given: Given, values: dict[str, Any]) -> None:
    message = await one(
        database, Message, await given.answer(await given.conversation(await given.workspace()), **values)
    )

    assert {key: getattr(message, key) for key in values} == values


async def test_what_is_unique_is_refused_twice(database: Database, given: Given) -> None:
    user_id = await given.account("renee@example.com")
    workspace_id = await given.workspace(user_id)
    await given.session(user_id, "token", now())
    await given.api_key(workspace_id, "key")
    day = now().date()
    for row in (
        MessageTopic(workspace_id=workspace_id, topic_name="Delivery"),
        AnalyticsDaily(workspace_id=workspace_id, date=day),
        InsightsCache(workspace_id=workspace_id),
    ):
        await given.row(row)

    for second in (
        AppUser(email="renee@example.com", password_hash="x", password_salt="x"),
        AppSession(user_id=user_id, token_hash="token", expires_at=now()),
        ApiKey(workspace_id=workspace_id, name="x", key_prefix="x", key_hash="key"),
        MessageTopic(workspace_id=workspace_id, topic_name="Delivery"),
        AnalyticsDaily(workspace_id=workspace_id, date=day),
        InsightsCache(workspace_id=workspace_id),
    ):
        with pytest.raises(IntegrityError, match=f"(?i)unique.*{second.__tablename__}"):
            await given.row(second)
    await given.row(MessageTopic(workspace_id=await given.workspace(), topic_name="Delivery"))


async def test_an_account_goes_with_all_that_is_its_own(database: Database, given: Given) -> None:
    # SQL Server applies every cascade of a statement before it checks a key without one.
    await unless_babelfish(database, because="a key without action is checked before a cascade's own cascade")
    user_id = await given.account()
    workspace_id = await given.workspace(user_id)
    await given.session(user_id, "token", now())
    document_id = await given.document(workspace_id)
    await given.chunk(document_id, workspace_id)
    part = {"embedder": "e5", "chunk_version": 0, "first_chunk": 0, "chunk_count": 1, "vectors": np.ones(2)}
    await given.rows(DocumentVectors(document_id=document_id, workspace_id=workspace_id, **part))
    conversation_id = await given.conversation(workspace_id)
    question_id = await given.message(conversation_id)
    answer_id = await given.answer(conversation_id, reply_to_id=question_id)
    await given.row(MessageTrace(id=answer_id, workspace_id=workspace_id, content={}))
    await given.row(MessageTopic(workspace_id=workspace_id, topic_name="Delivery"))
    await given.row(AuditEntry(workspace_id=workspace_id, action=AuditAction.CONVERSATION_DELETED, row_count=1))
    await given.cached_answer(workspace_id)
    await given.api_key(workspace_id)
    await given.external_database(workspace_id)
    await given.member(workspace_id, await given.account("reader@example.com"))
    website = Website(workspace_id=workspace_id, url="http://a", max_pages=1, include_patterns=[], exclude_patterns=[])
    page = {"website_id": await given.row(website), "workspace_id": workspace_id, "url": "http://a", "found_in": 1}
    await given.row(WebsitePage(id=uuid4(), **page))
    await given.row(Job(kind=JobKind.INDEX_DOCUMENT, workspace_id=workspace_id, subject_id=uuid4()))
    for table in TABLES.values():
        assert await fetch(database, select(table).limit(1)), f"the test gives {table.name} no row"

    await run(database, delete(AppUser).where(AppUser.id == user_id))

    left = {name: len(await fetch(database, select(table))) for name, table in TABLES.items()}
    assert {name: count for name, count in left.items() if count} == {"app_users": 1, "profiles": 1}


async def test_a_row_without_its_parent_is_refused(database: Database, given: Given) -> None:
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        await given.conversation(uuid4())


async def test_a_moment_keeps_its_microseconds_and_is_read_in_utc(database: Database, given: Given) -> None:
    paris = timezone(timedelta(hours=2))
    moment = datetime(2026, 7, 1, 1, 30, 0, 123_456, tzinfo=paris)

    conversation = await one(
        database, Conversation, await given.conversation(await given.workspace(), last_message_at=moment)
    )

    assert conversation.last_message_at == moment
    assert conversation.last_message_at.tzinfo is UTC


async def test_a_moment_without_a_time_zone_is_refused(database: Database, given: Given) -> None:
    with pytest.raises(StatementError, match="needs a time zone"):
        await given.account(locked_until=datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake that is refused


async def test_text_outside_an_enumeration_is_refused_before_the_database(given: Given) -> None:
    with pytest.raises(StatementError, match="'owner' is not a valid Role"):
        await given.account(role="owner")


@pytest.mark.parametrize("name", ["Café ☕", "名前", "''; DROP TABLE workspaces; --", "a" * 255])
async def test_text_comes_back_as_it_went(database: Database, given: Given, name: str) -> None:
    workspace = await one(database, Workspace, await given.workspace(name=name, allowed_domains=[name]))

    assert (workspace.name, workspace.allowed_domains) == (name, [name])


async def test_an_embedding_is_stored_as_little_endian_float32(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    vector = np.array([0.0, -1.5, 3.25e-7], dtype=np.float32)
    chunk_id = await given.chunk(await given.document(workspace_id), workspace_id)
    await run(database, update(DocumentChunk).values(embedding=vector))

    chunk = await one(database, DocumentChunk, chunk_id)

    assert np.array_equal(chunk.embedding, vector)
    assert await fetch(database, text("SELECT embedding FROM document_chunks")) == [(vector.astype("<f4").tobytes(),)]


# What SQL Server refuses, read off the models.


def multiple_cascade_paths(metadata: MetaData) -> set[tuple[str, str]]:
    """Return (ancestor, descendant) where a deletion would arrive twice, or come back: SQL Server's error 1785.

    Any action counts but NO ACTION: SET NULL and SET DEFAULT do too.
    """
    children: dict[str, list[str]] = {name: [] for name in metadata.tables}
    for name, table in metadata.tables.items():
        for key in table.foreign_key_constraints:
            if key.ondelete not in {None, "NO ACTION"}:
                children[key.referred_table.name].append(name)

    found = set()
    for ancestor, nearest in children.items():
        arrivals: Counter[str] = Counter()
        ahead = [(child, {ancestor}) for child in nearest]
        while ahead:
            name, behind = ahead.pop()
            arrivals[name] += 1
            if arrivals[name] > 1 or name in behind:
                found.add((ancestor, name))
            else:
                ahead += [(child, behind | {name}) for child in children[name]]
    return found


def made_up(*, second_path: str | None = None, reply: str | None = None) -> MetaData:
    metadata = MetaData()

    def key() -> Column[int]:
        return Column("id", Integer, primary_key=True)

    Table("shop", metadata, key())
    Table("shelf", metadata, key(), Column("shop", ForeignKey("shop.id", ondelete="CASCADE")))
    Table(
        "book",
        metadata,
        key(),
        Column("shelf", ForeignKey("shelf.id", ondelete="CASCADE")),
        Column("shop", ForeignKey("shop.id", ondelete=second_path)),
        Column("sequel", ForeignKey("book.id", ondelete=reply)),
    )
    return metadata


@pytest.mark.parametrize(
    ("metadata", "refused_pairs"),
    [
        (made_up(), set()),
        (made_up(second_path="NO ACTION"), set()),
        (made_up(second_path="CASCADE"), {("shop", "book")}),
        (made_up(second_path="SET NULL"), {("shop", "book")}),
        (made_up(reply="CASCADE"), {("book", "book"), ("shelf", "book"), ("shop", "book")}),
    ],
    ids=["one path", "second without action", "two cascades", "cascade and set null", "a cycle"],
)
def test_a_second_cascade_path_is_detected(metadata: MetaData, refused_pairs: set[tuple[str, str]]) -> None:
    assert multiple_cascade_paths(metadata) == refused_pairs


def test_no_table_is_reached_by_two_cascades() -> None:
    assert multiple_cascade_paths(Model.metadata) == set()


def test_no_key_is_returned_by_a_statement_that_inserts() -> None:
    """OUTPUT is refused on tables with triggers (error 334): keys and moments are made by the client."""
    for table in TABLES.values():
        assert "OUTPUT" not in str(insert(table).compile(dialect=ON_SQL_SERVER)), table.name


def test_random_keys_are_not_clustered_and_ranges_are() -> None:
    for table in TABLES.values():
        statements = [str(CreateTable(table).compile(dialect=ON_SQL_SERVER))]
        statements += [str(CreateIndex(index).compile(dialect=ON_SQL_SERVER)) for index in table.indexes]
        if table.name not in {"document_vectors", "workspace_members", "storage_usage", "workspace_figures"}:
            assert "PRIMARY KEY NONCLUSTERED" in statements[0], table.name
        clustered = [
            statement for statement in statements[1:] if "CREATE CLUSTERED" in statement.replace("UNIQUE ", "")
        ]
        assert len(clustered) <= 1


def test_no_type_of_sql_server_is_obsolete_or_rounds_time() -> None:
    for table in TABLES.values():
        for column in table.columns:
            kind = str(column.type.compile(dialect=ON_SQL_SERVER))
            assert not re.match(r"(DATETIME|VARCHAR|TEXT|NTEXT|IMAGE)\b(?!2)", kind), f"{table.name}.{column.name}"


def test_names_of_constraints_and_indexes_are_given_and_fit_sql_server() -> None:
    for table in TABLES.values():
        for item in [*table.constraints, *table.indexes]:
            assert 0 < len(str(getattr(item, "name", None) or "")) <= 128, f"{item} of {table.name}"
