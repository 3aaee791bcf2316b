-- Whole seconds are added to whole seconds: SQLite's date functions would round the microseconds away.
CREATE TRIGGER trg_response_cache_expiry
AFTER INSERT ON response_cache
BEGIN
    UPDATE response_cache
    SET expires_at = datetime(substr(NEW.created_at, 1, 19), NEW.ttl_seconds || ' seconds')
        || substr(NEW.created_at, 20)
    WHERE id = NEW.id;
END;
