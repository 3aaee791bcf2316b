"""What a client sends about websites."""

import strawberry

from schema.scalars import URL

PATTERN = (
    "as in robots.txt: the beginning of a path, `*` for anything, `$` for the end, such as `/blog/` or `/*.pdf$`. "
    "At most 50 of 200 characters"
)


@strawberry.input(description="A website to learn from.")
class AddWebsiteInput:
    workspace_id: strawberry.ID = strawberry.field(description="The workspace that learns from it.")
    url: URL = strawberry.field(
        description="Where it begins, at most 2,000 characters. All pages of its host are read."
    )
    max_pages: int | None = strawberry.field(
        default=None,
        description="The most pages that it keeps, 10,000 unless the operator says otherwise; 2,000 by default.",
    )
    include: list[str] | None = strawberry.field(default=None, description=f"Pages to keep, {PATTERN}; all by default.")
    exclude: list[str] | None = strawberry.field(default=None, description=f"Pages to leave out, {PATTERN}.")
    refresh_hours: int | None = strawberry.field(
        default=None, description="After how many hours it is crawled again, 1 to 8,760; null for never by itself."
    )
    dry_run: bool = strawberry.field(
        default=False,
        description="Whether pages are only listed, with why each is kept or dropped, and none is indexed.",
    )


@strawberry.input(description="What to change, from the next crawl on. What is left out stays.")
class UpdateWebsiteInput:
    id: strawberry.ID = strawberry.field(description="The website.")
    max_pages: strawberry.Maybe[int] = strawberry.field(description="The most pages that it keeps.")
    include: strawberry.Maybe[list[str]] = strawberry.field(description=f"Pages to keep, {PATTERN}; none for all.")
    exclude: strawberry.Maybe[list[str]] = strawberry.field(description=f"Pages to leave out, {PATTERN}.")
    refresh_hours: strawberry.Maybe[int | None] = strawberry.field(
        description="After how many hours it is crawled again, 1 to 8,760; null for never by itself."
    )
    dry_run: strawberry.Maybe[bool] = strawberry.field(
        description="False makes a dry run real, and crawls the website now."
    )


@strawberry.input(description="A website to crawl again.")
class RefreshWebsiteInput:
    id: strawberry.ID = strawberry.field(description="The website.")


@strawberry.input(description="A website that waits or is crawled.")
class CancelWebsiteInput:
    id: strawberry.ID = strawberry.field(description="The website.")


@strawberry.input(description="A website to forget.")
class DeleteWebsiteInput:
    id: strawberry.ID = strawberry.field(description="The website.")
