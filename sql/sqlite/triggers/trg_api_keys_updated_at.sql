CREATE TRIGGER trg_api_keys_updated_at
AFTER UPDATE ON api_keys
WHEN NEW.updated_at IS OLD.updated_at
BEGIN
    UPDATE api_keys SET updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE id = NEW.id;
END;
