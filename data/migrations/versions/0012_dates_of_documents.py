"""When documents say that they were published and modified."""

import sqlalchemy as sa
from alembic import op

from data.types import UtcDateTime

revision = "0012"
down_revision = "0011"

COLUMNS = ("published_at", "modified_at")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("documents", sa.Column(name, UtcDateTime(), nullable=True))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("documents", name)
