"""What a client sends about analytics."""

import strawberry


@strawberry.input(description="Whose insights to count.")
class RecalculateInsightsInput:
    """Input of `recalculateInsights`."""

    workspace_id: strawberry.ID = strawberry.field(description="The workspace.")
