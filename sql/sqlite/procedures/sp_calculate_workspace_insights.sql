-- Counts a workspace's figures again from its messages, keeps them in insights_cache and returns them.
-- A conversation counts once it holds a message. Averages are over the messages that carry the value.
INSERT INTO insights_cache (
    id, workspace_id, satisfaction_rate, avg_rag_score, avg_messages_per_conversation, low_confidence_count,
    total_conversations, total_messages, scored_count, rated_count, calculated_at
)
SELECT
    lower(hex(randomblob(16))),
    workspaces.id,
    avg(messages.feedback),
    avg(iif(messages.role = 'assistant', messages.rag_score, NULL)),
    CAST(count(messages.id) AS REAL) / nullif(count(DISTINCT messages.conversation_id), 0),
    count(iif(messages.role = 'assistant' AND messages.rag_score < 0.5, 1, NULL)),
    count(DISTINCT messages.conversation_id),
    count(messages.id),
    count(iif(messages.role = 'assistant', messages.rag_score, NULL)),
    count(messages.feedback),
    strftime('%Y-%m-%d %H:%M:%f000', 'now')
FROM workspaces
LEFT JOIN conversations ON conversations.workspace_id = workspaces.id
LEFT JOIN messages ON messages.conversation_id = conversations.id
WHERE workspaces.id = :workspace_id
GROUP BY workspaces.id
ON CONFLICT (workspace_id) DO UPDATE SET
    satisfaction_rate = excluded.satisfaction_rate,
    avg_rag_score = excluded.avg_rag_score,
    avg_messages_per_conversation = excluded.avg_messages_per_conversation,
    low_confidence_count = excluded.low_confidence_count,
    total_conversations = excluded.total_conversations,
    total_messages = excluded.total_messages,
    scored_count = excluded.scored_count,
    rated_count = excluded.rated_count,
    calculated_at = excluded.calculated_at;

SELECT
    workspace_id,
    satisfaction_rate,
    avg_rag_score,
    avg_messages_per_conversation,
    low_confidence_count,
    total_conversations,
    total_messages,
    scored_count,
    rated_count,
    calculated_at
FROM insights_cache
WHERE workspace_id = :workspace_id;
