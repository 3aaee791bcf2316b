-- The workspaces an account owns, and those it was given to read.
CREATE OR ALTER VIEW vw_user_workspaces
AS
SELECT
    workspaces.user_id AS user_id,
    app_users.email AS user_email,
    workspaces.id AS workspace_id,
    workspaces.name AS workspace_name,
    workspaces.created_at AS workspace_created_at
FROM workspaces
JOIN app_users ON app_users.id = workspaces.user_id
UNION ALL
SELECT
    workspace_members.user_id,
    app_users.email,
    workspaces.id,
    workspaces.name,
    workspaces.created_at
FROM workspace_members
JOIN app_users ON app_users.id = workspace_members.user_id
JOIN workspaces ON workspaces.id = workspace_members.workspace_id
WHERE workspaces.user_id <> workspace_members.user_id;
