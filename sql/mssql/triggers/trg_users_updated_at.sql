-- A statement that sets updated_at is taken at its word; this trigger's own update is one, so it never fires itself.
CREATE OR ALTER TRIGGER trg_users_updated_at ON app_users
AFTER UPDATE
AS
BEGIN
    SET NOCOUNT ON;
    IF UPDATE(updated_at) RETURN;

    UPDATE app_users
    SET updated_at = SYSUTCDATETIME()
    FROM app_users
    JOIN inserted ON inserted.id = app_users.id;
END;
