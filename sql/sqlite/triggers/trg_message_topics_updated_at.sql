CREATE TRIGGER trg_message_topics_updated_at
AFTER UPDATE ON message_topics
WHEN NEW.updated_at IS OLD.updated_at
BEGIN
    UPDATE message_topics SET updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE id = NEW.id;
END;
