"""How long pages and figures take as a workspace grows: `python bench/growth.py [ROUNDS]`.

One SQLite file with three accounts: a workspace of 1,000, of 100,000 and of 1,000,000 conversations, each with nineteen
small ones beside it. The migration fills the counters. Operations go through the graph, in process; the accounts take
turns, so that what else the machine does meets all of them. `docs/pictures/growth.svg` is drawn from the medians.
"""

import asyncio
import logging
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import structlog
from alembic import command
from matplotlib import pyplot
from sqlalchemy import Connection

from data.engine import Database
from data.migrations import configuration, migrate
from data.models import Role, global_id
from data.pages import Cursor
from data.viewer import Staff
from monitora.composition import running_services
from monitora.settings.settings import Settings
from resolvers.context import Client, Context
from resolvers.services import Services
from schema import schema

SIZES = (1_000, 100_000, 1_000_000)
BESIDE = 19
SMALL = 1_000
MESSAGES = 2
FIRST = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "growth.svg"
PAGE = (
    "{ edges { cursor } nodes { id title visitorName messageCount lastMessageAt createdAt } pageInfo { hasNextPage } }"
)
ONE = "query ($id: ID!) {{ workspace(id: $id) {{ {} }} }}"
OPERATIONS = {
    "first 20 conversations": ONE.format(f"conversations(first: 20) {PAGE}"),
    "20 from the middle": ONE.format(f'conversations(first: 20, after: "MIDDLE") {PAGE}'),
    "20 before the middle": ONE.format(f'conversations(last: 20, before: "MIDDLE") {PAGE}'),
    "last 20": ONE.format(f"conversations(last: 20) {PAGE}"),
    "first 20 of 20 workspaces": f"{{ workspaces(first: 20) {{ nodes {{ id conversations(first: 20) {PAGE} }} }} }}",
    "20 conversations with their messages": ONE.format(
        "conversations(first: 20) { nodes { id messages(first: 20) { nodes { role content createdAt } } } }"
    ),
    "totalCount": ONE.format("conversations(first: 1) { totalCount totalCountIsExact }"),
    "stats": ONE.format("stats { totalConversations totalMessages uniqueVisitors }"),
    "insights": ONE.format("insights { totalMessages satisfactionRate avgRagScore }"),
    "metrics": ONE.format("metrics { totalConversations totalMessages uniqueVisitors avgRagScore lastMessageAt }"),
    "recalculateInsights": """mutation ($id: ID!) { recalculateInsights(input: { workspaceId: $id }) {
        ... on RecalculateInsightsPayload { insights { totalMessages } } } }""",
}


@dataclass
class Account:
    """An account, its large workspace, and the place in the middle of that one's conversations."""

    size: int
    user_id: UUID
    workspace_id: UUID
    middle: str = ""

    async def ask(self, services: Services, operation: str) -> float:
        """Run an operation and return the milliseconds that it took."""
        viewer, client = Staff(self.user_id, uuid4(), Role.ADMIN), Client("127.0.0.1", "bench", None, "127.0.0.1")
        context = Context(viewer, services, client, None)
        text = operation.replace("MIDDLE", self.middle)
        values = {"id": global_id("Workspace", self.workspace_id)} if "$id" in text else {}
        begun = time.perf_counter()
        result = await schema.execute(text, variable_values=values, context_value=context)
        took = (time.perf_counter() - begun) * 1_000
        assert not result.errors, result.errors
        return took


async def before_the_counters(path: Path) -> None:
    """Make the tables as they were before the migration that fills the counters, without triggers."""
    database = Database(f"sqlite:///{path}")

    def upgrade(connection: Connection) -> None:
        command.upgrade(configuration(connection), "0004")

    await database.alter(upgrade)
    await database.close()


def fill(path: Path, account: Account) -> None:
    """Store an account with its workspaces, their conversations and messages, and the figures of each day."""
    with closing(sqlite3.connect(path)) as file:
        file.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; PRAGMA temp_store = MEMORY;")
        file.execute(
            "INSERT INTO app_users (id, email, password_hash, password_salt) VALUES (?, ?, 'x', 'x')",
            (account.user_id.hex, f"{account.size}@example.com"),
        )
        file.execute("INSERT INTO profiles (id) VALUES (?)", (account.user_id.hex,))
        for number in range(BESIDE + 1):
            workspace = account.workspace_id if number == 0 else uuid4()
            fill_workspace(file, account.user_id, workspace, account.size if number == 0 else SMALL)
        file.commit()


def fill_workspace(file: sqlite3.Connection, owner: UUID, workspace: UUID, size: int) -> None:
    """Store a workspace whose conversations began over a year, each with a question and a rated answer."""
    of_workspace = {"workspace": workspace.hex, "owner": owner.hex, "size": size, "step": 31_536_000 / size}
    file.execute("INSERT INTO workspaces (id, user_id, name) VALUES (:workspace, :owner, 'Shop')", of_workspace)
    file.execute("INSERT INTO storage_usage (workspace_id) VALUES (:workspace)", of_workspace)
    for statement in FILL:
        file.execute(statement, of_workspace)


FILL = (
    f"""
    WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :size)
    INSERT INTO conversations (
        id, workspace_id, visitor_id, visitor_name, title, message_count, last_message_at, created_at, updated_at
    )
    SELECT lower(hex(randomblob(16))), :workspace, 'visitor ' || (n / 3), 'Marie', 'When do you open on Sundays?',
        {MESSAGES}, moment, moment, moment
    FROM (
        SELECT n, strftime('%Y-%m-%d %H:%M:%f000', '2026-01-01', '+' || round(n * :step, 3) || ' seconds') AS moment
        FROM numbers
    )
    """,
    """
    INSERT INTO messages (id, conversation_id, role, content, created_at, updated_at)
    SELECT lower(hex(randomblob(16))), id, 'user', 'When do you open on Sundays?', created_at, created_at
    FROM conversations WHERE workspace_id = :workspace
    """,
    """
    INSERT INTO messages (
        id, conversation_id, role, content, response_time_ms, rag_score, feedback, created_at, updated_at
    )
    SELECT lower(hex(randomblob(16))), id, 'assistant', 'On Sundays we open at nine.', 100 + abs(random() % 900),
        abs(random() % 1000) / 1000.0, iif(random() % 5 = 0, 1, NULL), created_at, created_at
    FROM conversations WHERE workspace_id = :workspace
    """,
    """
    INSERT INTO analytics_daily (id, workspace_id, date, total_conversations, total_messages, unique_visitors)
    SELECT lower(hex(randomblob(16))), :workspace, substr(created_at, 1, 10), count(*), sum(message_count),
        count(DISTINCT visitor_id)
    FROM conversations WHERE workspace_id = :workspace GROUP BY substr(created_at, 1, 10)
    """,
    """
    INSERT INTO insights_cache (id, workspace_id, total_conversations, total_messages)
    SELECT lower(hex(randomblob(16))), :workspace, count(*), sum(message_count)
    FROM conversations WHERE workspace_id = :workspace
    """,
)


async def made(folder: Path) -> list[Account]:
    """Fill the file, bring it up to date, and return its accounts."""
    path = folder / "monitora.db"
    accounts = [Account(size, uuid4(), uuid4()) for size in SIZES]
    begun = time.perf_counter()
    await before_the_counters(path)
    for account in accounts:
        fill(path, account)
    filled = time.perf_counter()
    database = Database(f"sqlite:///{path}")
    await migrate(database)
    await database.close()
    print(
        f"{path.stat().st_size / 2**30:.1f} GB, filled in {filled - begun:.0f} s; "
        f"the migration filled the counters in {time.perf_counter() - filled:.0f} s"
    )
    for account in accounts:
        account.middle = str(Cursor((FIRST + timedelta(seconds=31_536_000 / 2), UUID(int=0))))
    return accounts


async def measure(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Return the median of each operation in milliseconds, for each size."""
    accounts, times = await made(folder), defaultdict[tuple[str, int], list[float]](list)
    async with running_services(Settings(data_dir=folder, rates={})) as services:
        for number in range(rounds + 3):
            for name, operation in OPERATIONS.items():
                for account in accounts:
                    took = await account.ask(services, operation)
                    if number >= 3:
                        times[name, account.size].append(took)
    return {name: [statistics.median(times[name, size]) for size in SIZES] for name in OPERATIONS}


def draw(medians: dict[str, list[float]]) -> None:
    """Draw one small chart an operation, all on the same scales."""
    pyplot.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "growth", "font.family": "sans-serif", "font.size": 8}
    figure, axes = pyplot.subplots(3, 4, figsize=(10, 6), sharex=True, sharey=True, layout="constrained")
    highest = max(value for values in medians.values() for value in values)
    for axis, (name, values) in zip(axes.flat, medians.items(), strict=False):
        axis.plot(SIZES, values, marker="o", color="#2f6f4f")
        for size, value in zip(SIZES, values, strict=True):
            axis.annotate(f"{value:.1f}", (size, value), textcoords="offset points", xytext=(0, 5), ha="center")
        axis.set_title(name, fontsize=8)
        axis.set(xscale="log", ylim=(0, highest * 1.25), xlim=(400, 2_500_000))
        axis.set_xticks(SIZES, ["1,000", "100,000", "1,000,000"])
        axis.minorticks_off()
        axis.spines[["top", "right"]].set_visible(False)
    for axis in axes.flat[len(medians) :]:
        axis.set_visible(False)
    figure.supxlabel("conversations in the workspace")
    figure.supylabel("milliseconds, median")
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, metadata={"Date": None})


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    with tempfile.TemporaryDirectory() as folder:
        medians = asyncio.run(measure(Path(folder), rounds))
    print(f"| | {' | '.join(f'{size:,}' for size in SIZES)} | ratios to {SIZES[0]:,} |\n|{'---|' * (len(SIZES) + 2)}")
    for name, values in medians.items():
        ratios = ", ".join(f"{value / values[0]:.2f}" for value in values[1:])
        print(f"| {name} | {' | '.join(f'{value:.1f} ms' for value in values)} | {ratios} |")
    worst = max(value / values[0] for values in medians.values() for value in values)
    print(f"The largest ratio is {worst:.2f}; at most 1.5 is the aim.")
    draw(medians)


if __name__ == "__main__":
    main()
