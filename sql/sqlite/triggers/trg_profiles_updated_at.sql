CREATE TRIGGER trg_profiles_updated_at
AFTER UPDATE ON profiles
WHEN NEW.updated_at IS OLD.updated_at
BEGIN
    UPDATE profiles SET updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE id = NEW.id;
END;
