CREATE TRIGGER trg_update_conversation_message_count
AFTER INSERT ON messages
BEGIN
    UPDATE conversations
    SET message_count = message_count + 1,
        last_message_at = max(coalesce(last_message_at, NEW.created_at), NEW.created_at)
    WHERE id = NEW.conversation_id;
END;
