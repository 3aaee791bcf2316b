"""What can be changed about websites."""

from typing import Annotated, cast

import strawberry

from data import models
from resolvers import websites
from resolvers.websites import WebsiteValues
from schema.operation import Info, named_fields, reload_row
from schema.relay.node import key_of
from schema.user_errors import InvalidInput, UserErrorsAsData
from schema.websites.inputs import (
    AddWebsiteInput,
    CancelWebsiteInput,
    DeleteWebsiteInput,
    RefreshWebsiteInput,
    UpdateWebsiteInput,
)
from schema.websites.types import Website


@strawberry.type(description="The website, waiting to be crawled.")
class AddWebsitePayload:
    website: Website = strawberry.field(description="The website; follow it with `websiteProgress`.")


@strawberry.type(description="The website, as it is now.")
class UpdateWebsitePayload:
    website: Website = strawberry.field(description="The website.")


@strawberry.type(description="The website waits to be crawled again, or is crawled already.")
class RefreshWebsitePayload:
    website: Website = strawberry.field(description="The website.")


@strawberry.type(description="The crawl is called off.")
class CancelWebsitePayload:
    website: Website = strawberry.field(description="The website, with what was stored so far.")


@strawberry.type(description="The website is forgotten, and the documents of its pages are gone.")
class DeleteWebsitePayload:
    deleted_id: strawberry.ID = strawberry.field(description="The identifier it had.")


AddWebsiteResult = Annotated[
    AddWebsitePayload | InvalidInput, strawberry.union("AddWebsiteResult", description="The website, or why not.")
]


UpdateWebsiteResult = Annotated[
    UpdateWebsitePayload | InvalidInput, strawberry.union("UpdateWebsiteResult", description="It, or why not.")
]


RefreshWebsiteResult = Annotated[
    RefreshWebsitePayload | InvalidInput, strawberry.union("RefreshWebsiteResult", description="It, or why not.")
]


CancelWebsiteResult = Annotated[
    CancelWebsitePayload | InvalidInput, strawberry.union("CancelWebsiteResult", description="It, or why not.")
]


DeleteWebsiteResult = Annotated[
    DeleteWebsitePayload | InvalidInput, strawberry.union("DeleteWebsiteResult", description="Done, or why not.")
]


@strawberry.type
class WebsiteMutations:
    @strawberry.mutation(
        graphql_type=AddWebsiteResult,
        extensions=[UserErrorsAsData()],
        description="Learn from a website, 20 of a workspace: its pages are fetched and indexed in the background.",
    )
    async def add_website(
        self, info: Info, input: Annotated[AddWebsiteInput, strawberry.argument(description="The website.")]
    ) -> AddWebsitePayload:
        given = {name: value for name, value in vars(input).items() if value is not None}
        workspace_id, url = key_of(given.pop("workspace_id"), models.Workspace), given.pop("url")
        key = await websites.add(info.context, workspace_id, url, cast("WebsiteValues", given))
        return AddWebsitePayload(website=await reload_row(info, models.Website, key))

    @strawberry.mutation(
        graphql_type=UpdateWebsiteResult,
        extensions=[UserErrorsAsData()],
        description="Change how a website is crawled.",
    )
    async def update_website(
        self, info: Info, input: Annotated[UpdateWebsiteInput, strawberry.argument(description="The changes.")]
    ) -> UpdateWebsitePayload:
        key = key_of(input.id, models.Website)
        await websites.change(info.context, key, cast("WebsiteValues", named_fields(input)))
        return UpdateWebsitePayload(website=await reload_row(info, models.Website, key))

    @strawberry.mutation(
        graphql_type=RefreshWebsiteResult,
        extensions=[UserErrorsAsData()],
        description="Crawl a website again: only what is new or changed is indexed. One that is under way goes on.",
    )
    async def refresh_website(
        self, info: Info, input: Annotated[RefreshWebsiteInput, strawberry.argument(description="The website.")]
    ) -> RefreshWebsitePayload:
        key = key_of(input.id, models.Website)
        await websites.refresh(info.context, key)
        return RefreshWebsitePayload(website=await reload_row(info, models.Website, key))

    @strawberry.mutation(
        graphql_type=CancelWebsiteResult,
        extensions=[UserErrorsAsData()],
        description="Call off the crawl of a website. What was stored so far stays.",
    )
    async def cancel_website(
        self, info: Info, input: Annotated[CancelWebsiteInput, strawberry.argument(description="The website.")]
    ) -> CancelWebsitePayload:
        key = key_of(input.id, models.Website)
        await websites.cancel(info.context, key)
        return CancelWebsitePayload(website=await reload_row(info, models.Website, key))

    @strawberry.mutation(
        graphql_type=DeleteWebsiteResult,
        extensions=[UserErrorsAsData()],
        description="Forget a website, and take the documents of its pages out of the answers.",
    )
    async def delete_website(
        self, info: Info, input: Annotated[DeleteWebsiteInput, strawberry.argument(description="The website.")]
    ) -> DeleteWebsitePayload:
        await websites.remove(info.context, key_of(input.id, models.Website))
        return DeleteWebsitePayload(deleted_id=input.id)
