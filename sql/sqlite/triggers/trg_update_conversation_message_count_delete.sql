-- SQLite knows one event a trigger: this is the DELETE of trg_update_conversation_message_count.
CREATE TRIGGER trg_update_conversation_message_count_delete
AFTER DELETE ON messages
BEGIN
    UPDATE conversations
    SET message_count = message_count - 1,
        last_message_at = (SELECT max(created_at) FROM messages WHERE conversation_id = OLD.conversation_id)
    WHERE id = OLD.conversation_id;
END;
