-- A workspace's totals, as triggers keep them. A conversation counts once it holds a message; an archived one still does.
CREATE VIEW vw_workspace_stats AS
SELECT
    workspaces.id AS workspace_id,
    workspaces.name AS workspace_name,
    coalesce(workspace_figures.conversation_count, 0) AS total_conversations,
    coalesce(workspace_figures.message_count, 0) AS total_messages,
    coalesce(workspace_figures.visitor_count, 0) AS unique_visitors
FROM workspaces
LEFT JOIN workspace_figures ON workspace_figures.workspace_id = workspaces.id;
