-- A statement that sets updated_at is taken at its word; this trigger's own update is one, so it never fires itself.
CREATE OR ALTER TRIGGER trg_response_cache_updated_at ON response_cache
AFTER UPDATE
AS
BEGIN
    SET NOCOUNT ON;
    IF UPDATE(updated_at) RETURN;

    UPDATE response_cache
    SET updated_at = SYSUTCDATETIME()
    FROM response_cache
    JOIN inserted ON inserted.id = response_cache.id;
END;
