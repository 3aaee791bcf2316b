-- The foreign key's cascade deletes the chunks; this reaches them where the key is disabled, as in a bulk load.
CREATE OR ALTER TRIGGER trg_document_deletion ON documents
AFTER DELETE
AS
BEGIN
    SET NOCOUNT ON;

    DELETE document_chunks
    FROM document_chunks
    JOIN deleted ON deleted.id = document_chunks.document_id;
END;
