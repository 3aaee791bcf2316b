CREATE TRIGGER trg_workspace_databases_updated_at
AFTER UPDATE ON workspace_databases
WHEN NEW.updated_at IS OLD.updated_at
BEGIN
    UPDATE workspace_databases SET updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE id = NEW.id;
END;
