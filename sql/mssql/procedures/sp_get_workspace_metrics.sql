-- A workspace's figures, counted from its rows. It only reads.
-- A document that was deleted does not count; a conversation counts once it holds a message, and is active until it is
-- archived or closed. Averages are over the messages that carry the value; cache_entries counts those still valid.
CREATE OR ALTER PROCEDURE sp_get_workspace_metrics
    @workspace_id UNIQUEIDENTIFIER
AS
BEGIN
    SET NOCOUNT ON;

    WITH talk AS (
        SELECT
            COUNT(*) AS conversations,
            COALESCE(SUM(CASE WHEN is_active = 1 AND archived_at IS NULL THEN 1 ELSE 0 END), 0) AS active,
            COUNT(DISTINCT visitor_id) AS visitors
        FROM conversations
        WHERE workspace_id = @workspace_id AND message_count > 0
    ),
    said AS (
        SELECT
            COUNT(*) AS messages,
            SUM(
                CASE
                    WHEN messages.role = 'assistant' THEN COALESCE(CAST(messages.response_time_ms AS FLOAT), 0)
                    ELSE 0
                END
            ) AS response_sum,
            SUM(CASE WHEN messages.role = 'assistant' AND messages.response_time_ms IS NOT NULL THEN 1 ELSE 0 END)
                AS responses,
            SUM(CASE WHEN messages.role = 'assistant' THEN COALESCE(messages.rag_score, 0) ELSE 0 END) AS score_sum,
            SUM(CASE WHEN messages.role = 'assistant' AND messages.rag_score IS NOT NULL THEN 1 ELSE 0 END) AS scored,
            SUM(CASE WHEN messages.role = 'assistant' AND messages.rag_score < 0.5 THEN 1 ELSE 0 END) AS low_confidence,
            SUM(COALESCE(CAST(messages.feedback AS FLOAT), 0)) AS rating_sum,
            SUM(CASE WHEN messages.feedback IS NOT NULL THEN 1 ELSE 0 END) AS rated,
            MAX(messages.created_at) AS last_at
        FROM conversations
        JOIN messages ON messages.conversation_id = conversations.id
        WHERE conversations.workspace_id = @workspace_id
    ),
    files AS (
        SELECT
            COUNT(*) AS documents,
            COALESCE(SUM(CASE WHEN is_indexed = 1 THEN 1 ELSE 0 END), 0) AS indexed
        FROM documents
        WHERE workspace_id = @workspace_id AND deleted_at IS NULL
    ),
    passages AS (
        SELECT COUNT(*) AS chunks
        FROM documents
        JOIN document_chunks ON document_chunks.document_id = documents.id
        WHERE documents.workspace_id = @workspace_id AND documents.deleted_at IS NULL
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
        passages.chunks AS total_chunks,
        talk.conversations AS total_conversations,
        talk.active AS active_conversations,
        said.messages AS total_messages,
        talk.visitors AS unique_visitors,
        CAST(said.messages AS FLOAT) / NULLIF(talk.conversations, 0) AS avg_messages_per_conversation,
        said.response_sum / NULLIF(said.responses, 0) AS avg_response_time_ms,
        said.score_sum / NULLIF(said.scored, 0) AS avg_rag_score,
        said.rating_sum / NULLIF(said.rated, 0) AS satisfaction_rate,
        COALESCE(said.rated, 0) AS rated_count,
        COALESCE(said.low_confidence, 0) AS low_confidence_count,
        cached.entries AS cache_entries,
        cached.hits AS cache_hits,
        said.last_at AS last_message_at
    FROM workspaces
    CROSS JOIN talk
    CROSS JOIN said
    CROSS JOIN files
    CROSS JOIN passages
    CROSS JOIN cached
    WHERE workspaces.id = @workspace_id;
END;
