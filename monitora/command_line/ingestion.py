"""`ingest`: files, folders, patterns and addresses in, each indexed, with what failed and why at the end."""

import sys
from collections import deque
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import PurePath
from typing import TYPE_CHECKING
from uuid import UUID

import click

from core.errors import OperationError, UserError
from core.http_client import FetchFailed, FetchFault, HttpClient
from data.models import Document, DocumentStatus, JobKind
from data.queries.documents import find_document
from monitora.command_line.paths import Named, files_named
from monitora.command_line.root import CommandError, commands, require_migrated, run, settings_to_talk
from monitora.composition import running_services
from monitora.operator import UnknownWorkspace, acting_for, find_workspace
from monitora.settings.settings import Settings
from rag.sources.crawler.fetching import Fetcher, Paces
from rag.sources.fetched import NothingThere, fetch_file
from resolvers import uploads
from resolvers.context import Context

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

FAULTS = {
    FetchFault.NOT_ALLOWED: "This address is not of the public web: MONITORA_ALLOWED_NETWORKS allows others.",
    FetchFault.NO_CONNECTION: "There is no connection to the server of this address.",
    FetchFault.TIMEOUT: "The server of this address takes too long to answer.",
    FetchFault.TOO_LARGE: "The file at this address is too large: split it.",
    FetchFault.BROKEN_ENCODING: "What this address answers cannot be unpacked.",
}
"""What is said of an address at which nothing was found."""
AHEAD = 4
"""Documents that wait for each place where one is indexed: the next is there when one ends."""


@commands.command()
@click.argument("workspace")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
def ingest(workspace: str, paths: tuple[str, ...]) -> None:
    """Add files to a workspace (its name or key) and index them now.

    A PATH is a file, a folder, of which all files are read but those whose name begins with a dot, or a pattern in
    quotes, such as "docs/**/*.pdf", or the address of a page. What the workspace holds already is skipped.
    """
    chosen = settings_to_talk()
    try:
        failed, total = run(lambda: _ingest(chosen, workspace, paths))
    except (UnknownWorkspace, OperationError, UserError) as error:
        raise CommandError(str(error)) from error
    if failed:
        raise CommandError(f"{failed} of {total} files could not be indexed.")


@dataclass
class _Report:
    """What came of the files. On a terminal there is a bar with the time left, else a line for each file."""

    total: int
    shows_bar: bool = field(default_factory=sys.stderr.isatty)
    indexed: int = 0
    skipped: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._bar: ProgressBar[str] = click.progressbar(
            length=self.total,
            label="Indexing",
            show_pos=True,
            show_eta=True,
            item_show_func=lambda label: label and PurePath(label).name,
            file=sys.stderr,
            hidden=not self.shows_bar,
        )

    def __enter__(self) -> "_Report":
        self._bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.__exit__(None, None, None)

    def ready(self, label: str, passages: int) -> None:
        """Note that a file is searched."""
        self.indexed += 1
        if not self.shows_bar:
            click.echo(f"✓ {label}: {passages} passages")
        self._bar.update(1, label)

    def skip(self, label: str, because: str) -> None:
        """Note that a file is there already."""
        self.skipped.append(f"– {label}: {because}")
        self._bar.update(1, label)

    def fail(self, label: str, because: str) -> None:
        """Note that a file could not be indexed."""
        self.failed.append(f"✗ {label}: {because}")
        self._bar.update(1, label)

    def close(self) -> None:
        """Say at the end what was skipped, what failed and why."""
        for line in self.skipped:
            click.echo(line)
        for line in self.failed:
            click.echo(line, err=True)
        counts = [f"{self.indexed} indexed"]
        counts += [f"{len(self.skipped)} skipped, which the workspace holds already"] if self.skipped else []
        counts += [f"{len(self.failed)} failed"] if self.failed else []
        click.echo(f"{', '.join(counts)}.")


async def _ingest(chosen: Settings, name: str, paths: tuple[str, ...]) -> tuple[int, int]:
    """Add the files, say how each went, and return how many could not be indexed, of how many."""
    async with running_services(chosen) as services:
        await require_migrated(services.database)
        workspace, owner = await find_workspace(services, name)
        context = acting_for(services, owner)
        services.jobs.start()
        limits, files = chosen.crawl_limits(context.policy.max_file_bytes), files_named(paths)
        async with HttpClient(services.ssrf_guard, limits.user_agent) as client:
            adding = _Adding(context, workspace.id, Fetcher(client, Paces(), limits))
            with _Report(len(files)) as report:
                await adding.all(files, report, ahead=AHEAD * chosen.jobs_at_once)
        report.close()
        return len(report.failed), len(files)


@dataclass(frozen=True, slots=True)
class _Adding:
    """Adds files to a workspace."""

    context: Context
    workspace_id: UUID
    fetcher: Fetcher

    async def all(self, files: list[Named], report: _Report, ahead: int) -> None:
        """Store the files, so many ahead of those that are indexed, and note what came of each in their order."""
        waiting: deque[tuple[str, UUID]] = deque()
        for file in files:
            added = await self._one(file, report)
            if added is not None:
                waiting.append((file.label, added))
            if len(waiting) > ahead:
                await self._end(*waiting.popleft(), report)
        while waiting:
            await self._end(*waiting.popleft(), report)

    async def _one(self, named: Named, report: _Report) -> UUID | None:
        """Store a file, and return its document's key; None for one that is not indexed, which is noted."""
        reason = named.fault
        try:
            if reason is None:
                return (await self._stored(named)).id
        except uploads.DuplicateDocument as error:
            report.skip(named.label, error.message)
            return None
        except UserError as error:
            reason = error.message
        except FetchFailed as error:
            reason = FAULTS[error.fault]
        except NothingThere as error:
            reason = f"The server of this address answers {error.status} in the place of a page."
        except OSError as error:
            reason = f"It cannot be read or stored: {error.strerror}."
        report.fail(named.label, reason)
        return None

    async def _stored(self, named: Named) -> Document:
        if named.path is not None:
            with named.path.open("rb") as file:
                return await uploads.upload(self.context, self.workspace_id, named.path.name, file, None)
        found = await fetch_file(self.fetcher, named.label, self.context.policy.max_file_bytes)
        content = BytesIO(found.content)
        return await uploads.upload(self.context, self.workspace_id, found.name, content, None, url=found.address)

    async def _end(self, label: str, document_id: UUID, report: _Report) -> None:
        """Wait until a document is indexed, or failed, and note it."""
        services = self.context.services
        await services.jobs.finish(JobKind.INDEX_DOCUMENT, document_id)
        document = await services.database.read(lambda session: find_document(session, document_id))
        if document is None or document.deleted_at is not None:
            report.fail(label, "The document was deleted meanwhile.")
        elif document.status is DocumentStatus.READY:
            report.ready(label, document.chunk_count)
        else:
            report.fail(label, document.error or "It was not indexed.")
