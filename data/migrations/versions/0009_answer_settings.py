"""How a workspace answers: what it says where it does not know, from which confidence on, and from how much."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

COLUMNS = {
    "no_answer_text": sa.Unicode(1000),
    "no_answer_text_fr": sa.Unicode(1000),
    "contact_url": sa.Unicode(2000),
    "confidence_threshold": sa.Double(),
    "max_sources": sa.Integer(),
}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column("workspaces", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("workspaces", name)
