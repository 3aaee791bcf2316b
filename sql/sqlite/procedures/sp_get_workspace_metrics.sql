-- A workspace's figures, counted from its rows. It only reads.
-- A document that was deleted does not count; a conversation counts once it holds a message, and is active until it is
-- archived or closed. Averages are over the messages that carry the value; cache_entries counts those still valid.
WITH held AS (
    SELECT id, visitor_id, is_active AND archived_at IS NULL AS open
    FROM conversations
    WHERE workspace_id = :workspace_id AND message_count > 0
),
talk AS (
    SELECT count(*) AS conversations, count(iif(open, 1, NULL)) AS active, count(DISTINCT visitor_id) AS visitors
    FROM held
),
said AS (
    SELECT
        count(*) AS messages,
        avg(iif(messages.role = 'assistant', messages.response_time_ms, NULL)) AS response_time_ms,
        avg(iif(messages.role = 'assistant', messages.rag_score, NULL)) AS rag_score,
        avg(messages.feedback) AS satisfaction,
        count(messages.feedback) AS rated,
        count(iif(messages.role = 'assistant' AND messages.rag_score < 0.5, 1, NULL)) AS low_confidence,
        max(messages.created_at) AS last_at
    FROM held
    JOIN messages ON messages.conversation_id = held.id
),
files AS (
    SELECT count(*) AS documents, count(iif(is_indexed, 1, NULL)) AS indexed
    FROM documents
    WHERE workspace_id = :workspace_id AND deleted_at IS NULL
),
passages AS (
    SELECT count(*) AS chunks
    FROM documents
    JOIN document_chunks ON document_chunks.document_id = documents.id
    WHERE documents.workspace_id = :workspace_id AND documents.deleted_at IS NULL
),
cached AS (
    SELECT
        count(iif(expires_at > strftime('%Y-%m-%d %H:%M:%f000', 'now'), 1, NULL)) AS entries,
        coalesce(sum(hit_count), 0) AS hits
    FROM response_cache
    WHERE workspace_id = :workspace_id
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
    CAST(said.messages AS REAL) / nullif(talk.conversations, 0) AS avg_messages_per_conversation,
    said.response_time_ms AS avg_response_time_ms,
    said.rag_score AS avg_rag_score,
    said.satisfaction AS satisfaction_rate,
    said.rated AS rated_count,
    said.low_confidence AS low_confidence_count,
    cached.entries AS cache_entries,
    cached.hits AS cache_hits,
    said.last_at AS last_message_at
FROM workspaces, talk, said, files, passages, cached
WHERE workspaces.id = :workspace_id;
