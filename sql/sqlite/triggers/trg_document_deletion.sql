-- The foreign key's cascade deletes the chunks; this reaches them where keys are not enforced, as in a bulk load.
CREATE TRIGGER trg_document_deletion
AFTER DELETE ON documents
BEGIN
    DELETE FROM document_chunks WHERE document_id = OLD.id;
END;
