-- Archives and deletes what is old, and counts it. Daily figures are kept: they are the memory of what is deleted.
-- Conversations archived for the whole retention, and silent for as long, go with their messages; those silent
-- since then are archived; documents deleted for longer go with their chunks; so do traces of older answers, expired
-- answers and sessions.
CREATE TEMPORARY TABLE IF NOT EXISTS cleaned (name TEXT PRIMARY KEY, rows INTEGER NOT NULL);

DELETE FROM cleaned;

DELETE FROM conversations
WHERE archived_at < strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || :retention_days || ' days')
    AND coalesce(last_message_at, created_at)
        < strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || :retention_days || ' days');

INSERT INTO cleaned VALUES ('deleted_conversations', changes());

UPDATE conversations
SET archived_at = strftime('%Y-%m-%d %H:%M:%f000', 'now'), is_active = 0
WHERE archived_at IS NULL
    AND coalesce(last_message_at, created_at)
        < strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || :retention_days || ' days');

INSERT INTO cleaned VALUES ('archived_conversations', changes());

DELETE FROM message_traces
WHERE created_at < strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || :retention_days || ' days');

INSERT INTO cleaned VALUES ('deleted_traces', changes());

DELETE FROM documents
WHERE deleted_at < strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || :retention_days || ' days');

INSERT INTO cleaned VALUES ('deleted_documents', changes());

DELETE FROM response_cache WHERE expires_at <= strftime('%Y-%m-%d %H:%M:%f000', 'now');

INSERT INTO cleaned VALUES ('deleted_cache_entries', changes());

DELETE FROM app_sessions WHERE expires_at <= strftime('%Y-%m-%d %H:%M:%f000', 'now');

INSERT INTO cleaned VALUES ('deleted_sessions', changes());

SELECT
    max(iif(name = 'archived_conversations', rows, 0)) AS archived_conversations,
    max(iif(name = 'deleted_conversations', rows, 0)) AS deleted_conversations,
    max(iif(name = 'deleted_documents', rows, 0)) AS deleted_documents,
    max(iif(name = 'deleted_cache_entries', rows, 0)) AS deleted_cache_entries,
    max(iif(name = 'deleted_sessions', rows, 0)) AS deleted_sessions,
    max(iif(name = 'deleted_traces', rows, 0)) AS deleted_traces
FROM cleaned;
