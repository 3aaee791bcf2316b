-- A workspace's totals. A conversation counts once it holds a message; an archived one still does.
CREATE VIEW vw_workspace_stats AS
SELECT
    workspaces.id AS workspace_id,
    workspaces.name AS workspace_name,
    count(conversations.id) AS total_conversations,
    coalesce(sum(conversations.message_count), 0) AS total_messages,
    count(DISTINCT conversations.visitor_id) AS unique_visitors
FROM workspaces
LEFT JOIN conversations ON conversations.workspace_id = workspaces.id AND conversations.message_count > 0
GROUP BY workspaces.id, workspaces.name;
