CREATE TRIGGER trg_analytics_daily_updated_at
AFTER UPDATE ON analytics_daily
WHEN NEW.updated_at IS OLD.updated_at
BEGIN
    UPDATE analytics_daily SET updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE id = NEW.id;
END;
