-- A workspace's totals. A conversation counts once it holds a message; an archived one still does.
-- Subqueries, not a join with GROUP BY: SQLite would group the conversations of all workspaces before it picks some.
CREATE VIEW vw_workspace_stats AS
SELECT
    workspaces.id AS workspace_id,
    workspaces.name AS workspace_name,
    (
        SELECT count(*) FROM conversations WHERE workspace_id = workspaces.id AND message_count > 0
    ) AS total_conversations,
    (
        SELECT coalesce(sum(message_count), 0) FROM conversations WHERE workspace_id = workspaces.id
    ) AS total_messages,
    (
        SELECT count(DISTINCT visitor_id) FROM conversations WHERE workspace_id = workspaces.id AND message_count > 0
    ) AS unique_visitors
FROM workspaces;
