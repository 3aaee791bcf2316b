"""What conversations bring to the graph."""

from data import models
from schema.conversations.events import AnswerDelta, AnswerFailed, AnswerFinished, AnswerStarted
from schema.conversations.mutations import AnswerMutations
from schema.conversations.queries import ConversationQueries
from schema.conversations.subscriptions import ActivitySubscriptions, AnswerSubscriptions
from schema.conversations.types import Conversation, Message
from schema.domain import Domain

DOMAIN = Domain(
    queries=(ConversationQueries,),
    mutations=(AnswerMutations,),
    subscriptions=(AnswerSubscriptions, ActivitySubscriptions),
    types=(AnswerDelta, AnswerFailed, AnswerFinished, AnswerStarted, Conversation, Message),
    nodes=(models.Conversation, models.Message),
)
