"""The model's tokens of a workspace's day, for its daily budget. Earlier days stay at zero: no budget looks at them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column(
        "analytics_daily", sa.Column("tokens_used", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("analytics_daily", "tokens_used", mssql_drop_default=True)
