-- A statement that sets updated_at is taken at its word; this trigger's own update is one, so it never fires itself.
CREATE OR ALTER TRIGGER trg_documents_updated_at ON documents
AFTER UPDATE
AS
BEGIN
    SET NOCOUNT ON;
    IF UPDATE(updated_at) RETURN;

    UPDATE documents
    SET updated_at = SYSUTCDATETIME()
    FROM documents
    JOIN inserted ON inserted.id = documents.id;
END;
