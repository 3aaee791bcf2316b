"""What analytics bring to the graph."""

from data import models
from schema.analytics.audit import AuditEntry
from schema.analytics.mutations import AnalyticsMutations
from schema.analytics.types import AnalyticsDay, Insights, MessageTopic
from schema.domain import Domain

DOMAIN = Domain(
    mutations=(AnalyticsMutations,),
    types=(AnalyticsDay, AuditEntry, Insights, MessageTopic),
    nodes=(models.AnalyticsDaily, models.AuditEntry, models.InsightsCache, models.MessageTopic),
)
