-- As fn_workspace_granted, for the rows of `workspaces` themselves: a predicate that read its own table would recurse.
CREATE OR ALTER FUNCTION dbo.fn_workspace_row_granted (@workspace_id UNIQUEIDENTIFIER, @owner_id UNIQUEIDENTIFIER)
RETURNS TABLE
WITH SCHEMABINDING
AS
RETURN
SELECT 1 AS granted
WHERE
    CAST(SESSION_CONTEXT(N'viewer') AS NVARCHAR(10)) = N'server'
    OR @workspace_id = CAST(SESSION_CONTEXT(N'workspace_id') AS UNIQUEIDENTIFIER)
    OR @owner_id = CAST(SESSION_CONTEXT(N'user_id') AS UNIQUEIDENTIFIER)
    OR EXISTS (
        SELECT 1
        FROM dbo.workspace_members
        WHERE
            workspace_members.workspace_id = @workspace_id
            AND workspace_members.user_id = CAST(SESSION_CONTEXT(N'user_id') AS UNIQUEIDENTIFIER)
    );
