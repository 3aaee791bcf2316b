-- A statement that sets updated_at is taken at its word; this trigger's own update is one, so it never fires itself.
CREATE OR ALTER TRIGGER trg_api_keys_updated_at ON api_keys
AFTER UPDATE
AS
BEGIN
    SET NOCOUNT ON;
    IF UPDATE(updated_at) RETURN;

    UPDATE api_keys
    SET updated_at = SYSUTCDATETIME()
    FROM api_keys
    JOIN inserted ON inserted.id = api_keys.id;
END;
