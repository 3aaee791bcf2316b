CREATE TRIGGER trg_response_cache_updated_at
AFTER UPDATE ON response_cache
WHEN NEW.updated_at IS OLD.updated_at
BEGIN
    UPDATE response_cache SET updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE id = NEW.id;
END;
