"""The file that every server reads: Monitora's own tables with one account, its workspaces, and 400 messages."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from bench.reads.operations import CONVERSATIONS, MESSAGES, WORKSPACES
from data.engine import Database, Session
from data.models import AppUser, Conversation, Message, MessageRole, StorageUsage, Workspace
from rag.answers.citations import DocumentCitation

BEGAN = datetime(2026, 1, 19, 8, 30, tzinfo=UTC)
SENTENCES = (
    "The garden centre opens at nine in the morning and closes at seven in the evening, from Monday to Saturday.",
    "Delivery costs 12 € and takes three working days; trees are delivered in autumn.",
    "Une plante qui meurt dans les trente jours est remplacée sans frais : apportez-la avec le ticket de caisse.",
    'The label says "half shade": two or three hours of sun in the morning, and none at noon.',
    "Water it twice a week in summer, and once every ten days from October to March.",
    "L'arrosage se fait le soir, au pied, sans mouiller les feuilles.",
    "I bought two of these last spring, and one has brown spots on the lower leaves.",
    "**Note**: a pot needs a hole in its bottom, or the roots rot within a month.",
    "You can change the day of delivery until the evening before, in *My orders* → *Delivery*.",
    "Nos serres sont ouvertes le dimanche matin en avril et en mai.",
)


async def fill(url: str) -> UUID:
    """Give the one account its workspaces, and the first of them its conversations. Return that workspace's key."""
    database = Database(url)

    async def work(session: Session) -> UUID:
        owner = (await session.scalars(select(AppUser.id))).one()
        workspaces = [
            Workspace(user_id=owner, name=f"Garden centre {number + 1}", created_at=BEGAN + timedelta(days=number))
            for number in range(WORKSPACES)
        ]
        session.add_all(workspaces)
        await session.flush()
        session.add_all(StorageUsage(workspace_id=workspace.id) for workspace in workspaces)
        await _converse(session, workspaces[0].id)
        return workspaces[0].id

    try:
        return await database.write(work)
    finally:
        await database.close()


async def _converse(session: Session, workspace_id: UUID) -> None:
    chance = random.Random(1)
    for number in range(CONVERSATIONS):
        began = BEGAN + timedelta(hours=number, microseconds=chance.randrange(10**6))
        conversation = Conversation(
            workspace_id=workspace_id,
            visitor_id=f"visitor-{number}",
            title=_text(chance)[:80],
            created_at=began,
            last_message_at=began + timedelta(minutes=MESSAGES),
        )
        session.add(conversation)
        await session.flush()
        for place in range(MESSAGES):
            moment = began + timedelta(minutes=place, microseconds=chance.randrange(10**6))
            session.add(_message(chance, conversation.id, moment, is_answer=place % 2 == 1))
        await session.flush()


def _message(chance: random.Random, conversation_id: UUID, moment: datetime, *, is_answer: bool) -> Message:
    message = Message(
        conversation_id=conversation_id,
        role=MessageRole.ASSISTANT if is_answer else MessageRole.USER,
        content=_text(chance),
        created_at=moment,
    )
    if is_answer:
        message.rag_score = round(chance.uniform(0.3, 0.99), 4)
        message.rag_sources = [_source(chance).as_json() for _ in range(3)]
        message.feedback = chance.choice((None, None, -1, 0, 1))
        message.tokens_used = chance.randrange(100, 900)
        message.response_time_ms = chance.randrange(200, 4_000)
        message.details = {"model": "mistral-small", "finish_reason": "stop", "cached": False}
    return message


def _source(chance: random.Random) -> DocumentCitation:
    return DocumentCitation(
        document_id=UUID(int=chance.getrandbits(128)),
        document_name="guide.pdf",
        chunk_index=chance.randrange(100),
        excerpt=_text(chance),
        score=round(chance.random(), 4),
        location=f"page {chance.randrange(1, 80)}",
    )


def _text(chance: random.Random) -> str:
    """Return sentences of 200 to 600 characters."""
    length, text = chance.randrange(200, 480), ""
    while len(text) < length:
        text += chance.choice(SENTENCES) + chance.choice((" ", " ", "\n\n"))
    return text.strip()
