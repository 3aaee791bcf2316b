-- Adds a message to its workspace's figures since the beginning, looking only at its own conversation.
CREATE TRIGGER trg_update_cache_on_message
AFTER INSERT ON messages
BEGIN
    INSERT INTO insights_cache (
        id, workspace_id, total_conversations, total_messages, avg_messages_per_conversation, low_confidence_count,
        scored_count, avg_rag_score, rated_count, satisfaction_rate, calculated_at
    )
    SELECT
        lower(hex(randomblob(16))), arrival.workspace_id, arrival.begins, 1, 1.0 / nullif(arrival.begins, 0),
        iif(NEW.role = 'assistant', coalesce(NEW.rag_score < 0.5, 0), 0),
        iif(NEW.role = 'assistant', NEW.rag_score IS NOT NULL, 0),
        iif(NEW.role = 'assistant', NEW.rag_score, NULL),
        NEW.feedback IS NOT NULL, CAST(NEW.feedback AS REAL),
        strftime('%Y-%m-%d %H:%M:%f000', 'now')
    FROM (
        SELECT
            own.workspace_id,
            NOT EXISTS (
                SELECT 1 FROM messages AS other WHERE other.conversation_id = own.id AND other.id <> NEW.id
            ) AS begins
        FROM conversations AS own
        WHERE own.id = NEW.conversation_id
    ) AS arrival
    WHERE 1
    ON CONFLICT (workspace_id) DO UPDATE SET
        total_conversations = total_conversations + excluded.total_conversations,
        total_messages = total_messages + 1,
        avg_messages_per_conversation =
            CAST(total_messages + 1 AS REAL) / nullif(total_conversations + excluded.total_conversations, 0),
        low_confidence_count = low_confidence_count + excluded.low_confidence_count,
        scored_count = scored_count + excluded.scored_count,
        avg_rag_score = iif(
            excluded.scored_count = 0,
            avg_rag_score,
            (coalesce(avg_rag_score, 0) * scored_count + excluded.avg_rag_score) / (scored_count + 1)
        ),
        rated_count = rated_count + excluded.rated_count,
        satisfaction_rate = iif(
            excluded.rated_count = 0,
            satisfaction_rate,
            (round(coalesce(satisfaction_rate, 0) * rated_count) + excluded.satisfaction_rate) / (rated_count + 1)
        ),
        calculated_at = excluded.calculated_at;
END;
