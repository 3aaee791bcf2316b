CREATE TRIGGER trg_messages_updated_at
AFTER UPDATE ON messages
WHEN NEW.updated_at IS OLD.updated_at
BEGIN
    UPDATE messages SET updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE id = NEW.id;
END;
