-- Archives and deletes what is old, and counts it. Daily figures are kept: they are the memory of what is deleted.
-- Conversations archived for the whole retention, and silent for as long, go with their messages; those silent
-- since then are archived; documents deleted for longer go with their chunks; so do traces of older answers, expired
-- answers and sessions.
CREATE OR ALTER PROCEDURE sp_cleanup_old_data
    @retention_days INT
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @present DATETIME2(6) = SYSUTCDATETIME();
    DECLARE @limit DATETIME2(6) = DATEADD(DAY, -@retention_days, @present);
    DECLARE @archived_conversations INT;
    DECLARE @deleted_conversations INT;
    DECLARE @deleted_traces INT;
    DECLARE @deleted_documents INT;
    DECLARE @deleted_cache_entries INT;
    DECLARE @deleted_sessions INT;

    DELETE FROM conversations
    WHERE archived_at < @limit AND COALESCE(last_message_at, created_at) < @limit;
    SET @deleted_conversations = @@ROWCOUNT;

    UPDATE conversations
    SET archived_at = @present, is_active = 0
    WHERE archived_at IS NULL AND COALESCE(last_message_at, created_at) < @limit;
    SET @archived_conversations = @@ROWCOUNT;

    DELETE FROM message_traces WHERE created_at < @limit;
    SET @deleted_traces = @@ROWCOUNT;

    DELETE FROM documents WHERE deleted_at < @limit;
    SET @deleted_documents = @@ROWCOUNT;

    DELETE FROM response_cache WHERE expires_at <= @present;
    SET @deleted_cache_entries = @@ROWCOUNT;

    DELETE FROM app_sessions WHERE expires_at <= @present;
    SET @deleted_sessions = @@ROWCOUNT;

    SELECT
        @archived_conversations AS archived_conversations,
        @deleted_conversations AS deleted_conversations,
        @deleted_documents AS deleted_documents,
        @deleted_cache_entries AS deleted_cache_entries,
        @deleted_sessions AS deleted_sessions,
        @deleted_traces AS deleted_traces;
END;
