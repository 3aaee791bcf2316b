-- A statement that sets updated_at is taken at its word; this trigger's own update is one, so it never fires itself.
CREATE OR ALTER TRIGGER trg_messages_updated_at ON messages
AFTER UPDATE
AS
BEGIN
    SET NOCOUNT ON;
    IF UPDATE(updated_at) RETURN;

    UPDATE messages
    SET updated_at = SYSUTCDATETIME()
    FROM messages
    JOIN inserted ON inserted.id = messages.id;
END;
