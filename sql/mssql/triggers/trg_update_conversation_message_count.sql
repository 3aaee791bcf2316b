CREATE OR ALTER TRIGGER trg_update_conversation_message_count ON messages
AFTER INSERT, DELETE
AS
BEGIN
    SET NOCOUNT ON;

    IF EXISTS (SELECT 1 FROM inserted)
        UPDATE conversations
        SET message_count = conversations.message_count + arrived.messages,
            last_message_at = CASE
                WHEN conversations.last_message_at > arrived.last_at THEN conversations.last_message_at
                ELSE arrived.last_at
            END
        FROM conversations
        JOIN (
            SELECT conversation_id, COUNT(*) AS messages, MAX(created_at) AS last_at
            FROM inserted
            GROUP BY conversation_id
        ) AS arrived ON arrived.conversation_id = conversations.id;

    IF EXISTS (SELECT 1 FROM deleted)
        UPDATE conversations
        SET message_count = conversations.message_count - gone.messages,
            last_message_at = (
                SELECT MAX(messages.created_at) FROM messages WHERE messages.conversation_id = conversations.id
            )
        FROM conversations
        JOIN (
            SELECT conversation_id, COUNT(*) AS messages
            FROM deleted
            GROUP BY conversation_id
        ) AS gone ON gone.conversation_id = conversations.id;
END;
