CREATE TRIGGER trg_documents_updated_at
AFTER UPDATE ON documents
WHEN NEW.updated_at IS OLD.updated_at
BEGIN
    UPDATE documents SET updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE id = NEW.id;
END;
