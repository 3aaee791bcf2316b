-- A statement that sets updated_at is taken at its word; this trigger's own update is one, so it never fires itself.
CREATE OR ALTER TRIGGER trg_workspace_databases_updated_at ON workspace_databases
AFTER UPDATE
AS
BEGIN
    SET NOCOUNT ON;
    IF UPDATE(updated_at) RETURN;

    UPDATE workspace_databases
    SET updated_at = SYSUTCDATETIME()
    FROM workspace_databases
    JOIN inserted ON inserted.id = workspace_databases.id;
END;
