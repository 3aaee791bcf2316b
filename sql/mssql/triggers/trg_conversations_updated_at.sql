-- A statement that sets updated_at is taken at its word; this trigger's own update is one, so it never fires itself.
CREATE OR ALTER TRIGGER trg_conversations_updated_at ON conversations
AFTER UPDATE
AS
BEGIN
    SET NOCOUNT ON;
    IF UPDATE(updated_at) RETURN;

    UPDATE conversations
    SET updated_at = SYSUTCDATETIME()
    FROM conversations
    JOIN inserted ON inserted.id = conversations.id;
END;
