-- One row when the connection may touch what belongs to a workspace, else none: it serves the server itself, a visitor
-- of the workspace, its owner, or a reader it was shared with. data/row_level_security.py says for whom a connection works.
CREATE OR ALTER FUNCTION dbo.fn_workspace_granted (@workspace_id UNIQUEIDENTIFIER)
RETURNS TABLE
WITH SCHEMABINDING
AS
RETURN
SELECT 1 AS granted
WHERE
    CAST(SESSION_CONTEXT(N'viewer') AS NVARCHAR(10)) = N'server'
    OR @workspace_id = CAST(SESSION_CONTEXT(N'workspace_id') AS UNIQUEIDENTIFIER)
    OR EXISTS (
        SELECT 1
        FROM dbo.workspaces
        WHERE
            workspaces.id = @workspace_id
            AND workspaces.user_id = CAST(SESSION_CONTEXT(N'user_id') AS UNIQUEIDENTIFIER)
    )
    OR EXISTS (
        SELECT 1
        FROM dbo.workspace_members
        WHERE
            workspace_members.workspace_id = @workspace_id
            AND workspace_members.user_id = CAST(SESSION_CONTEXT(N'user_id') AS UNIQUEIDENTIFIER)
    );
