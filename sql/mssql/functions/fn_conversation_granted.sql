-- As fn_workspace_granted, for the messages of a conversation. It calls no other function: one that is bound to another
-- could not be altered.
CREATE OR ALTER FUNCTION dbo.fn_conversation_granted (@conversation_id UNIQUEIDENTIFIER)
RETURNS TABLE
WITH SCHEMABINDING
AS
RETURN
SELECT 1 AS granted
WHERE
    CAST(SESSION_CONTEXT(N'viewer') AS NVARCHAR(10)) = N'server'
    OR EXISTS (
        SELECT 1
        FROM dbo.conversations
        JOIN dbo.workspaces ON workspaces.id = conversations.workspace_id
        WHERE
            conversations.id = @conversation_id
            AND (
                conversations.workspace_id = CAST(SESSION_CONTEXT(N'workspace_id') AS UNIQUEIDENTIFIER)
                OR workspaces.user_id = CAST(SESSION_CONTEXT(N'user_id') AS UNIQUEIDENTIFIER)
                OR EXISTS (
                    SELECT 1
                    FROM dbo.workspace_members
                    WHERE
                        workspace_members.workspace_id = conversations.workspace_id
                        AND workspace_members.user_id = CAST(SESSION_CONTEXT(N'user_id') AS UNIQUEIDENTIFIER)
                )
            )
    );
