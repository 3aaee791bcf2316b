-- A workspace's totals. A conversation counts once it holds a message; an archived one still does.
CREATE OR ALTER VIEW vw_workspace_stats
AS
SELECT
    workspaces.id AS workspace_id,
    workspaces.name AS workspace_name,
    COALESCE(held.total_conversations, 0) AS total_conversations,
    COALESCE(held.total_messages, 0) AS total_messages,
    COALESCE(held.unique_visitors, 0) AS unique_visitors
FROM workspaces
LEFT JOIN (
    SELECT
        workspace_id,
        COUNT(*) AS total_conversations,
        SUM(message_count) AS total_messages,
        COUNT(DISTINCT visitor_id) AS unique_visitors
    FROM conversations
    WHERE message_count > 0
    GROUP BY workspace_id
) AS held ON held.workspace_id = workspaces.id;
