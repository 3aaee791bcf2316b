-- Sets a workspace's insights to what its conversations add up to now, and returns them. The sums are kept by triggers:
-- what it costs does not grow. A conversation counts once it holds a message.
-- Averages are over the messages that carry the value.
INSERT INTO insights_cache (
    id, workspace_id, satisfaction_rate, avg_rag_score, avg_messages_per_conversation, low_confidence_count,
    total_conversations, total_messages, scored_count, rated_count, calculated_at
)
SELECT
    lower(hex(randomblob(16))),
    workspaces.id,
    CAST(figures.rating_sum AS REAL) / nullif(figures.rated_count, 0),
    figures.score_sum / nullif(figures.scored_count, 0),
    CAST(figures.message_count AS REAL) / nullif(figures.conversation_count, 0),
    coalesce(figures.low_confidence_count, 0),
    coalesce(figures.conversation_count, 0),
    coalesce(figures.message_count, 0),
    coalesce(figures.scored_count, 0),
    coalesce(figures.rated_count, 0),
    strftime('%Y-%m-%d %H:%M:%f000', 'now')
FROM workspaces
LEFT JOIN workspace_figures AS figures ON figures.workspace_id = workspaces.id
WHERE workspaces.id = :workspace_id
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
