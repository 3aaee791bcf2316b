"""What a client sends about analytics."""

import strawberry


@strawberry.input(description="Whose insights to set.")
class RecalculateInsightsInput:
    workspace_id: strawberry.ID = strawberry.field(description="The workspace.")
