"""Row-level security, SQL Server's defence in depth between tenants: telling a connection for whom it works.

The policy `tenants` of `sql/mssql/policies` lets a connection touch a workspace's rows by three values of its session,
which each unit of work sets before its first statement. A connection that was told nothing sees no tenant's rows.
"""

from typing import Any

from sqlalchemy import Unicode, Uuid, bindparam, text

from data.viewer import Staff, Viewer, Visitor

POLICY = "tenants"

# Through variables, because a parameter that the driver sends as NVARCHAR(MAX) does not fit into sql_variant.
WORK_FOR = text(
    "DECLARE @viewer NVARCHAR(10) = :viewer, @user_id UNIQUEIDENTIFIER = :user_id,"
    " @workspace_id UNIQUEIDENTIFIER = :workspace_id;"
    " EXEC sp_set_session_context N'viewer', @viewer;"
    " EXEC sp_set_session_context N'user_id', @user_id;"
    " EXEC sp_set_session_context N'workspace_id', @workspace_id;"
).bindparams(
    bindparam("viewer", type_=Unicode(10)), bindparam("user_id", type_=Uuid()), bindparam("workspace_id", type_=Uuid())
)
"""Says for whom the connection works from now on. Its parameters are what `session_values` returns."""


def session_values(viewer: Viewer | None) -> dict[str, Any]:
    """Return what the predicates read of a viewer; None is the server itself, which may touch every row."""
    return {
        "viewer": "server" if viewer is None else type(viewer).__name__.lower(),
        "user_id": viewer.user_id if isinstance(viewer, Staff) else None,
        "workspace_id": viewer.workspace_id if isinstance(viewer, Visitor) else None,
    }
