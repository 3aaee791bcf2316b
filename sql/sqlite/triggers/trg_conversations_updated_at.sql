CREATE TRIGGER trg_conversations_updated_at
AFTER UPDATE ON conversations
WHEN NEW.updated_at IS OLD.updated_at
BEGIN
    UPDATE conversations SET updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE id = NEW.id;
END;
