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


@strawberry.type(description="The insights, counted again.")
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
        description="Count a workspace's insights again, from all its messages.",
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
