"""The operations of the graph, each asked for all it can show, with the owner's things as its arguments."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    Undefined,
    get_named_type,
)
from starlette.datastructures import UploadFile

from schema.graph import NODES
from tests.schema.access.selection import PAGE, Selected, everything_of, fields_of, selection_text
from tests.schema.access.tenant import TenantFixture
from tests.support.people import PASSWORD

Arguments = Mapping[str, Any]
MOST_FIELDS = 25
"""Fields of a thing that are asked at once."""


def arguments_of(tenant: TenantFixture) -> Arguments:
    """Return what the operations are given, by argument and by field of an input.

    Every argument that is required or names a thing by its identifier is here. The things are the owner's.
    """
    ids = tenant.identifiers
    return {
        "ArchiveConversationInput.id": ids["Conversation"],
        "DeleteConversationInput.id": ids["Conversation"],
        "AddTextInput.content": "We open at nine.",
        "AddTextInput.title": "When do you open?",
        "AddTextInput.workspaceId": ids["Workspace"],
        "ChangePasswordInput.currentPassword": PASSWORD,
        "ChangePasswordInput.newPassword": "Ein Gartenzaun 47 im Regen",
        "ChatInput.clientMessageId": str(uuid4()),
        "ChatInput.content": "When do you open?",
        "ChatInput.conversationId": ids["Conversation"],
        "ChatInput.workspaceId": ids["Workspace"],
        "CreateApiKeyInput.name": "site",
        "CreateApiKeyInput.workspaceId": ids["Workspace"],
        "CreateWorkspaceDatabaseInput.database": "erp",
        "CreateWorkspaceDatabaseInput.dbType": "POSTGRES",
        "CreateWorkspaceDatabaseInput.host": "93.184.216.34",
        "CreateWorkspaceDatabaseInput.name": "erp",
        "CreateWorkspaceDatabaseInput.workspaceId": ids["Workspace"],
        "CreateWorkspaceInput.name": "Shop",
        "DeleteDocumentInput.id": ids["Document"],
        "DeleteWorkspaceDatabaseInput.id": ids["WorkspaceDatabase"],
        "DeleteWorkspaceInput.id": ids["Workspace"],
        "LoginInput.email": tenant.names["owner"],
        "LoginInput.password": "not the password",
        "Query.conversation.id": ids["Conversation"],
        "Query.workspace.id": ids["Workspace"],
        "RateMessageInput.feedback": -1,
        "RateMessageInput.messageId": ids["Message"],
        "RecalculateInsightsInput.workspaceId": ids["Workspace"],
        "RefreshSessionInput.refreshToken": f"{uuid4().hex}.not of a session",
        "RegenerateAnswerInput.messageId": ids["Message"],
        "RegisterInput.email": f"{uuid4().hex}@example.com",
        "RegisterInput.password": "Ein Gartenzaun 47 im Regen",
        "ResolveMessageInput.messageId": ids["Message"],
        "CancelDocumentInput.id": ids["Document"],
        "ReplaceDocumentInput.file": UploadFile(io.BytesIO(b"Something new to read."), filename="a.txt"),
        "ReplaceDocumentInput.id": ids["Document"],
        "AddWebsiteInput.url": "https://shop.example",
        "AddWebsiteInput.workspaceId": ids["Workspace"],
        "CancelWebsiteInput.id": ids["Website"],
        "DeleteWebsiteInput.id": ids["Website"],
        "RefreshWebsiteInput.id": ids["Website"],
        "UpdateWebsiteInput.id": ids["Website"],
        "UpdateWebsiteInput.maxPages": 7,
        "Subscription.websiteProgress.websiteId": ids["Website"],
        "RetryDocumentInput.id": ids["Document"],
        "RetryFailedDocumentsInput.workspaceId": ids["Workspace"],
        "RevokeApiKeyInput.id": ids["ApiKey"],
        "RevokeSessionInput.id": ids["LoginSession"],
        "SendMessageInput.clientMessageId": str(uuid4()),
        "SendMessageInput.content": "When do you open?",
        "SendMessageInput.conversationId": ids["Conversation"],
        "SendMessageInput.workspaceId": ids["Workspace"],
        "ShareWorkspaceInput.email": tenant.names["lecteur without"],
        "ShareWorkspaceInput.id": ids["Workspace"],
        "StartVisitInput.apiKey": tenant.names["api key"],
        "StopAnswerInput.answerId": ids["Message"],
        "Subscription.answer.answerId": ids["Message"],
        "Subscription.conversationActivity.workspaceId": ids["Workspace"],
        "Subscription.documentProgress.workspaceId": ids["Workspace"],
        "UnshareWorkspaceInput.email": tenant.names["lecteur"],
        "UnshareWorkspaceInput.id": ids["Workspace"],
        "UpdateWorkspaceDatabaseInput.id": ids["WorkspaceDatabase"],
        "UpdateWorkspaceDatabaseInput.name": "Renamed",
        "UpdateWorkspaceInput.id": ids["Workspace"],
        "UpdateWorkspaceInput.name": "Renamed",
        "UploadDocumentInput.file": UploadFile(io.BytesIO(b"Something to read."), filename="a.txt"),
        "UploadDocumentInput.workspaceId": ids["Workspace"],
    }


def variants_of(tenant: TenantFixture) -> Mapping[str, Mapping[str, Arguments]]:
    """Return the operations that are tried in several ways: what each way is called, and how its arguments differ."""
    ids = tenant.identifiers
    return {
        "Query.node": {kind: {"Query.node.id": ids[kind]} for kind in NODES},
        "Mutation.sendMessage": {
            "in the conversation": {},
            "in a new one": {"SendMessageInput.conversationId": None},
        },
        "Subscription.chat": {"in the conversation": {}, "in a new one": {"ChatInput.conversationId": None}},
        "Subscription.answer": {
            "that ended": {},
            "that failed": {"Subscription.answer.answerId": ids["failed answer"]},
        },
    }


@dataclass(frozen=True)
class Operation:
    """A root field with its arguments, and all that can be selected of its result."""

    root: str
    name: str
    variant: str
    text: str
    variables: dict[str, Any]
    result: Selected

    @property
    def row(self) -> str:
        """The row of the table that says who may."""
        return f"{self.root}.{self.name}" + (f" ({self.variant})" if self.variant else "")


def operations(tenant: TenantFixture, *roots: str) -> Iterator[Operation]:
    """Yield every operation of these roots, in all its variants."""
    variants = variants_of(tenant)
    for root in roots:
        for name in fields_of(root):
            for variant, changes in variants.get(f"{root}.{name}", {"": {}}).items():
                given = {**arguments_of(tenant), **changes}
                kind = get_named_type(fields_of(root)[name].type)
                every = everything_of(kind, variant if kind.name == "Node" else None)
                for children in _parts(every) if root == "Query" else [every]:
                    yield _operation(Selected(root, name, name, kind, children), variant, given)


def _parts(fields: tuple[Selected, ...]) -> Iterator[tuple[Selected, ...]]:
    """Yield fields in parts that one operation of a visitor may hold, each with the identifier of the thing."""
    identifier = tuple(field for field in fields if field.name == "id")
    for first in range(0, max(len(fields), 1), MOST_FIELDS):
        yield tuple(dict.fromkeys((*identifier, *fields[first : first + MOST_FIELDS])))


def _operation(selected: Selected, variant: str, given: Arguments) -> Operation:
    root, name, kind = selected.parent, selected.name, selected.type
    field = fields_of(root)[name]
    variables = {
        argument: value
        for argument, definition in field.args.items()
        if (value := _value(f"{root}.{name}.{argument}", definition, given)) is not None
    }
    declared = ", ".join(f"${argument}: {field.args[argument].type}" for argument in variables)
    passed = ", ".join(f"{argument}: ${argument}" for argument in variables)
    text = (
        f"{root.lower()} {f'({declared})' if declared else ''} "
        f"{{ {name}{f'({passed})' if passed else ''}{selection_text(kind, selected.children)} }}"
    )
    return Operation(root, name, variant, text, variables, selected)


def _value(place: str, definition: GraphQLArgument | GraphQLInputField, given: Arguments) -> Any:
    kind = get_named_type(definition.type)
    if place in given:
        return given[place]
    is_required = isinstance(definition.type, GraphQLNonNull) and definition.default_value is Undefined
    if isinstance(kind, GraphQLInputObjectType) and is_required:
        values = {name: _value(f"{kind.name}.{name}", field, given) for name, field in kind.fields.items()}
        return {name: value for name, value in values.items() if value is not None}
    if place.endswith(".first"):
        return PAGE
    assert not is_required, f"Write in arguments_of what `{place}` is given."
    assert kind.name != "ID", f"Write in arguments_of which of the owner's things `{place}` names."
    return None
