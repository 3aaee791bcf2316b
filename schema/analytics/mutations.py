"""What can be changed about analytics."""

from typing import Annotated, cast

import strawberry

from data import models
from resolvers import analytics
from schema.analytics.inputs import RecalculateInsightsInput
from schema.analytics.types import Insights
from schema.operation import Info
from schema.relay.node import key_of
from schema.user_errors import InvalidInput, UserErrorsAsData


@strawberry.type(description="The insights, as they are now.")
class RecalculateInsightsPayload:
    insights: Insights = strawberry.field(description="The figures.")


RecalculateInsightsResult = Annotated[
    RecalculateInsightsPayload | InvalidInput,
    strawberry.union("RecalculateInsightsResult", description="The figures, or why not."),
]


@strawberry.type
class AnalyticsMutations:
    @strawberry.mutation(
        graphql_type=RecalculateInsightsResult,
        extensions=[UserErrorsAsData()],
        description="Set a workspace's insights to what all its messages add up to now.",
    )
    async def recalculate_insights(
        self, info: Info, input: Annotated[RecalculateInsightsInput, strawberry.argument(description="Whose.")]
    ) -> RecalculateInsightsPayload:
        workspace_id = key_of(input.workspace_id, models.Workspace)
        await analytics.recalculate(info.context, workspace_id)
        return RecalculateInsightsPayload(
            insights=cast(
                "Insights",
                await info.context.loaders.row_by(
                    models.InsightsCache, models.InsightsCache.workspace_id, workspace_id
                ),
            )
        )
