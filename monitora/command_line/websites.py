"""`crawl`: a website into a workspace, with a progress bar."""

import sys
from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from uuid import UUID

import click

from core.errors import OperationError, UserError
from data.models import Website, WebsitePage, WebsitePageStatus, WebsiteStatus
from data.queries import websites as queries
from monitora.command_line.root import CommandError, commands, require_migrated, run, settings_to_talk
from monitora.composition import running_services
from monitora.operator import UnknownWorkspace, acting_for, find_workspace
from monitora.settings.settings import Settings
from rag.sources.crawler.addresses import canonical
from resolvers import websites
from resolvers.context import Context
from resolvers.websites import WebsiteValues

AT_ONCE = 500
MAX_TOLD = 50
"""Failures that are told one by one."""
OVER = frozenset({WebsiteStatus.READY, WebsiteStatus.FAILED, WebsiteStatus.CANCELLED})


@commands.command()
@click.argument("url")
@click.argument("workspace")
@click.option("--max-pages", type=int, help="The most pages that are kept; 2,000 by default.")
@click.option("--include", multiple=True, metavar="PATTERN", help="Pages to keep, as in robots.txt; may be repeated.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Pages to leave out; may be repeated.")
@click.option("--dry-run", is_flag=True, help="List each address with why it is kept or dropped, and store nothing.")
def crawl(
    url: str, workspace: str, max_pages: int | None, include: tuple[str, ...], exclude: tuple[str, ...], dry_run: bool
) -> None:
    """Fetch the pages of a website and index them in a workspace (its name or key); again, only what changed.

    A crawl that was interrupted goes on where it was.
    """
    values: WebsiteValues = {"dry_run": dry_run}
    if max_pages is not None:
        values["max_pages"] = max_pages
    if include:
        values["include"] = list(include)
    if exclude:
        values["exclude"] = list(exclude)
    chosen = settings_to_talk()
    try:
        failed = run(lambda: _crawl(chosen, url, workspace, values))
    except (UnknownWorkspace, OperationError, UserError) as error:
        raise CommandError(str(error)) from error
    if failed:
        raise CommandError(failed)


async def _crawl(chosen: Settings, url: str, name: str, values: WebsiteValues) -> str | None:
    """Crawl a website to its end, and say in a sentence what failed."""
    async with running_services(chosen) as services:
        await require_migrated(services.database)
        workspace, owner = await find_workspace(services, name)
        context = acting_for(services, owner)
        address = canonical(url) or url
        known = await services.database.read(lambda session: queries.find_by_url(session, workspace.id, address))
        if known is not None and values.get("dry_run"):
            raise CommandError("The workspace has this website already: `crawl` without --dry-run refreshes it.")
        if known is None:
            website = await _website(context, await websites.add(context, workspace.id, url, values))
        else:
            website = known
            await websites.change(context, website.id, {**values, "dry_run": False})
            await websites.refresh(context, website.id)
        services.jobs.start()
        try:
            await _followed(context, website)
            if not values.get("dry_run"):
                click.echo("Indexing …", err=True)
                await services.jobs.finish()
            return await _told(context, await _website(context, website.id))
        finally:
            if values.get("dry_run"):
                await websites.remove(context, website.id)


async def _website(context: Context, key: UUID) -> Website:
    context.forget_loaded()
    website = await context.loaders.row(Website, key)
    if website is None:
        raise CommandError("The website was deleted meanwhile.")
    return website


async def _followed(context: Context, website: Website) -> None:
    """Show how far the crawl is, until it is over."""
    bar: Any = click.progressbar(range(1), label=website.url[:40], show_pos=True, file=sys.stderr)
    with bar:
        async for event in context.services.crawl.follow(website.id):
            bar.length = max(event.found, 1)
            bar.update(max(event.fetched - bar.pos, 0))
            if event.status in OVER:
                return


async def _told(context: Context, website: Website) -> str | None:
    """Say what became of the pages, and return in a sentence what failed."""
    told = 0
    async for page in _pages(context, website):
        if website.is_dry_run:
            click.echo(f"{page.status:<9} {page.reason or '':<20} {page.url}")
        elif page.status is WebsitePageStatus.FAILED and told < MAX_TOLD:
            click.echo(f"✗ {page.url}: {page.reason}", err=True)
            told += 1
    click.echo(
        f"{website.found_count} found, {website.indexed_count} new or changed, {website.unchanged_count} unchanged, "
        f"{website.skipped_count} skipped, {website.failed_count} failed, {website.removed_count} removed."
    )
    if website.status is WebsiteStatus.FAILED:
        return website.error
    database = context.database
    unread = await database.read(lambda session: queries.find_failed_documents(session, website.id, MAX_TOLD))
    for document in unread:
        click.echo(f"✗ {document.url}: {document.error}", err=True)
    failed = website.failed_count + len(unread)
    return f"{failed} pages failed." if failed else None


async def _pages(context: Context, website: Website) -> AsyncIterator[WebsitePage]:
    """Yield the pages of a website in the order in which they were found."""
    after: WebsitePage | None = None
    while True:
        read = partial(queries.find_pages, website_id=website.id, after=after, at_most=AT_ONCE)
        pages = await context.database.read(read)
        if not pages:
            return
        for page in pages:
            yield page
        after = pages[-1]
