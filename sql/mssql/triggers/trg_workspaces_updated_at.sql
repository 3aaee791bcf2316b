-- A statement that sets updated_at is taken at its word; this trigger's own update is one, so it never fires itself.
CREATE OR ALTER TRIGGER trg_workspaces_updated_at ON workspaces
AFTER UPDATE
AS
BEGIN
    SET NOCOUNT ON;
    IF UPDATE(updated_at) RETURN;

    UPDATE workspaces
    SET updated_at = SYSUTCDATETIME()
    FROM workspaces
    JOIN inserted ON inserted.id = workspaces.id;
END;
