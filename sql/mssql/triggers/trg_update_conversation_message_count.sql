-- Adds messages to their conversations, and takes them from there: their count, when the last came, and what the
-- workspaces' figures are added up from.
-- No aggregate meets a NULL: drivers take the warning for a first, empty result.
CREATE OR ALTER TRIGGER trg_update_conversation_message_count ON messages
AFTER INSERT, DELETE
AS
BEGIN
    SET NOCOUNT ON;

    IF EXISTS (SELECT 1 FROM inserted)
        UPDATE conversations
        SET message_count = conversations.message_count + arrived.messages,
            last_message_at = CASE
                WHEN conversations.last_message_at > arrived.last_at THEN conversations.last_message_at
                ELSE arrived.last_at
            END,
            response_count = conversations.response_count + arrived.response_count,
            response_ms = conversations.response_ms + arrived.response_ms,
            scored_count = conversations.scored_count + arrived.scored_count,
            score_sum = conversations.score_sum + arrived.score_sum,
            low_confidence_count = conversations.low_confidence_count + arrived.low_confidence_count,
            rated_count = conversations.rated_count + arrived.rated_count,
            rating_sum = conversations.rating_sum + arrived.rating_sum
        FROM conversations
        JOIN (
            SELECT
                conversation_id,
                COUNT(*) AS messages,
                MAX(created_at) AS last_at,
                SUM(CASE WHEN role = 'assistant' AND response_time_ms IS NOT NULL THEN 1 ELSE 0 END) AS response_count,
                SUM(
                    CASE WHEN role = 'assistant' THEN COALESCE(CAST(response_time_ms AS BIGINT), 0) ELSE 0 END
                ) AS response_ms,
                SUM(CASE WHEN role = 'assistant' AND rag_score IS NOT NULL THEN 1 ELSE 0 END) AS scored_count,
                SUM(CASE WHEN role = 'assistant' THEN COALESCE(rag_score, 0) ELSE 0 END) AS score_sum,
                SUM(CASE WHEN role = 'assistant' AND rag_score < 0.5 THEN 1 ELSE 0 END) AS low_confidence_count,
                SUM(CASE WHEN feedback IS NOT NULL THEN 1 ELSE 0 END) AS rated_count,
                SUM(COALESCE(feedback, 0)) AS rating_sum
            FROM inserted
            GROUP BY conversation_id
        ) AS arrived ON arrived.conversation_id = conversations.id;

    IF EXISTS (SELECT 1 FROM deleted)
        UPDATE conversations
        SET message_count = conversations.message_count - gone.messages,
            last_message_at = (
                SELECT MAX(messages.created_at) FROM messages WHERE messages.conversation_id = conversations.id
            ),
            response_count = conversations.response_count - gone.response_count,
            response_ms = conversations.response_ms - gone.response_ms,
            scored_count = conversations.scored_count - gone.scored_count,
            score_sum = conversations.score_sum - gone.score_sum,
            low_confidence_count = conversations.low_confidence_count - gone.low_confidence_count,
            rated_count = conversations.rated_count - gone.rated_count,
            rating_sum = conversations.rating_sum - gone.rating_sum
        FROM conversations
        JOIN (
            SELECT
                conversation_id,
                COUNT(*) AS messages,
                SUM(CASE WHEN role = 'assistant' AND response_time_ms IS NOT NULL THEN 1 ELSE 0 END) AS response_count,
                SUM(
                    CASE WHEN role = 'assistant' THEN COALESCE(CAST(response_time_ms AS BIGINT), 0) ELSE 0 END
                ) AS response_ms,
                SUM(CASE WHEN role = 'assistant' AND rag_score IS NOT NULL THEN 1 ELSE 0 END) AS scored_count,
                SUM(CASE WHEN role = 'assistant' THEN COALESCE(rag_score, 0) ELSE 0 END) AS score_sum,
                SUM(CASE WHEN role = 'assistant' AND rag_score < 0.5 THEN 1 ELSE 0 END) AS low_confidence_count,
                SUM(CASE WHEN feedback IS NOT NULL THEN 1 ELSE 0 END) AS rated_count,
                SUM(COALESCE(feedback, 0)) AS rating_sum
            FROM deleted
            GROUP BY conversation_id
        ) AS gone ON gone.conversation_id = conversations.id;
END;
