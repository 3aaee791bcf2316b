CREATE TRIGGER trg_users_updated_at
AFTER UPDATE ON app_users
WHEN NEW.updated_at IS OLD.updated_at
BEGIN
    UPDATE app_users SET updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE id = NEW.id;
END;
