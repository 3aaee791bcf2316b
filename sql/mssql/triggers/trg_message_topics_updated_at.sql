-- A statement that sets updated_at is taken at its word; this trigger's own update is one, so it never fires itself.
CREATE OR ALTER TRIGGER trg_message_topics_updated_at ON message_topics
AFTER UPDATE
AS
BEGIN
    SET NOCOUNT ON;
    IF UPDATE(updated_at) RETURN;

    UPDATE message_topics
    SET updated_at = SYSUTCDATETIME()
    FROM message_topics
    JOIN inserted ON inserted.id = message_topics.id;
END;
