CREATE TRIGGER trg_workspaces_updated_at
AFTER UPDATE ON workspaces
WHEN NEW.updated_at IS OLD.updated_at
BEGIN
    UPDATE workspaces SET updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE id = NEW.id;
END;
