-- The workspaces an account owns, and those it was given to read.
CREATE VIEW vw_user_workspaces AS
SELECT
    app_users.id AS user_id,
    app_users.email AS user_email,
    workspaces.id AS workspace_id,
    workspaces.name AS workspace_name,
    workspaces.created_at AS workspace_created_at
FROM app_users
JOIN workspaces ON workspaces.user_id = app_users.id
UNION
SELECT
    app_users.id,
    app_users.email,
    workspaces.id,
    workspaces.name,
    workspaces.created_at
FROM app_users
JOIN workspace_members ON workspace_members.user_id = app_users.id
JOIN workspaces ON workspaces.id = workspace_members.workspace_id;
