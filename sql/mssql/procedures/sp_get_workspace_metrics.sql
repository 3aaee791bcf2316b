-- A workspace's figures of the moment. What grows with its conversations is read off their sums, which triggers keep; its
-- documents and its cached answers, of which there are so many and no more, are counted. It only reads.
-- A document that was deleted does not count; a conversation counts once it holds a message, and is active until it is
-- archived or closed. Averages are over the messages that carry the value; cache_entries counts those still valid.
CREATE OR ALTER PROCEDURE sp_get_workspace_metrics
    @workspace_id UNIQUEIDENTIFIER
AS
BEGIN
    SET NOCOUNT ON;

    WITH files AS (
        SELECT
            COUNT(*) AS documents,
            COALESCE(SUM(CASE WHEN is_indexed = 1 THEN 1 ELSE 0 END), 0) AS indexed,
            COALESCE(SUM(chunk_count), 0) AS chunks
        FROM documents
        WHERE workspace_id = @workspace_id AND deleted_at IS NULL
    ),
    cached AS (
        SELECT
            COALESCE(SUM(CASE WHEN expires_at > SYSUTCDATETIME() THEN 1 ELSE 0 END), 0) AS entries,
            COALESCE(SUM(hit_count), 0) AS hits
        FROM response_cache
        WHERE workspace_id = @workspace_id
    )
    SELECT
        workspaces.id AS workspace_id,
        workspaces.name AS workspace_name,
        files.documents AS total_documents,
        files.indexed AS indexed_documents,
        files.chunks AS total_chunks,
        COALESCE(figures.conversation_count, 0) AS total_conversations,
        COALESCE(figures.active_count, 0) AS active_conversations,
        COALESCE(figures.message_count, 0) AS total_messages,
        COALESCE(figures.visitor_count, 0) AS unique_visitors,
        CAST(figures.message_count AS FLOAT) / NULLIF(figures.conversation_count, 0) AS avg_messages_per_conversation,
        CAST(figures.response_ms AS FLOAT) / NULLIF(figures.response_count, 0) AS avg_response_time_ms,
        figures.score_sum / NULLIF(figures.scored_count, 0) AS avg_rag_score,
        CAST(figures.rating_sum AS FLOAT) / NULLIF(figures.rated_count, 0) AS satisfaction_rate,
        COALESCE(figures.rated_count, 0) AS rated_count,
        COALESCE(figures.low_confidence_count, 0) AS low_confidence_count,
        cached.entries AS cache_entries,
        cached.hits AS cache_hits,
        (
            SELECT TOP (1) conversations.last_message_at
            FROM conversations
            WHERE conversations.workspace_id = @workspace_id
            ORDER BY conversations.last_message_at DESC
        ) AS last_message_at
    FROM workspaces
    CROSS JOIN files
    CROSS JOIN cached
    LEFT JOIN workspace_figures AS figures ON figures.workspace_id = workspaces.id
    WHERE workspaces.id = @workspace_id;
END;
