-- Adds messages to their workspaces' figures since the beginning, looking only at their own conversations.
CREATE OR ALTER TRIGGER trg_update_cache_on_message ON messages
AFTER INSERT
AS
BEGIN
    SET NOCOUNT ON;
    IF NOT EXISTS (SELECT 1 FROM inserted) RETURN;

    -- First the rows are there and locked to the end of the transaction: messages of a workspace are counted in turn.
    INSERT INTO insights_cache (id, workspace_id)
    SELECT NEWID(), arrived.workspace_id
    FROM (
        SELECT DISTINCT conversations.workspace_id
        FROM inserted
        JOIN conversations ON conversations.id = inserted.conversation_id
    ) AS arrived
    WHERE NOT EXISTS (
        SELECT 1
        FROM insights_cache WITH (UPDLOCK, HOLDLOCK)
        WHERE insights_cache.workspace_id = arrived.workspace_id
    );

    UPDATE insights_cache
    SET total_conversations = insights_cache.total_conversations + moved.total_conversations,
        total_messages = insights_cache.total_messages + moved.total_messages,
        avg_messages_per_conversation =
            CAST(insights_cache.total_messages + moved.total_messages AS FLOAT)
            / NULLIF(insights_cache.total_conversations + moved.total_conversations, 0),
        low_confidence_count = insights_cache.low_confidence_count + moved.low_confidence_count,
        scored_count = insights_cache.scored_count + moved.scored_count,
        avg_rag_score =
            (COALESCE(insights_cache.avg_rag_score, 0) * insights_cache.scored_count + moved.score_sum)
            / NULLIF(insights_cache.scored_count + moved.scored_count, 0),
        rated_count = insights_cache.rated_count + moved.rated_count,
        satisfaction_rate =
            (ROUND(COALESCE(insights_cache.satisfaction_rate, 0) * insights_cache.rated_count, 0) + moved.rating_sum)
            / NULLIF(insights_cache.rated_count + moved.rated_count, 0),
        calculated_at = SYSUTCDATETIME()
    FROM insights_cache
    JOIN (
        SELECT
            arrived.workspace_id,
            SUM(arrived.begins) AS total_conversations,
            SUM(arrived.messages) AS total_messages,
            SUM(arrived.low_confidence_count) AS low_confidence_count,
            SUM(arrived.scored_count) AS scored_count,
            SUM(arrived.score_sum) AS score_sum,
            SUM(arrived.rated_count) AS rated_count,
            SUM(arrived.rating_sum) AS rating_sum
        FROM (
            SELECT
                conversations.workspace_id,
                CASE
                    WHEN EXISTS (
                        SELECT 1
                        FROM messages AS earlier
                        WHERE earlier.conversation_id = conversations.id
                            AND earlier.id NOT IN (SELECT inserted.id FROM inserted)
                    ) THEN 0
                    ELSE 1
                END AS begins,
                added.messages,
                added.low_confidence_count,
                added.scored_count,
                added.score_sum,
                added.rated_count,
                added.rating_sum
            FROM (
                SELECT
                    conversation_id,
                    COUNT(*) AS messages,
                    SUM(CASE WHEN role = 'assistant' AND rag_score < 0.5 THEN 1 ELSE 0 END) AS low_confidence_count,
                    SUM(CASE WHEN role = 'assistant' AND rag_score IS NOT NULL THEN 1 ELSE 0 END) AS scored_count,
                    SUM(CASE WHEN role = 'assistant' THEN COALESCE(rag_score, 0) ELSE 0 END) AS score_sum,
                    SUM(CASE WHEN feedback IS NOT NULL THEN 1 ELSE 0 END) AS rated_count,
                    SUM(COALESCE(CAST(feedback AS FLOAT), 0)) AS rating_sum
                FROM inserted
                GROUP BY conversation_id
            ) AS added
            JOIN conversations ON conversations.id = added.conversation_id
        ) AS arrived
        GROUP BY arrived.workspace_id
    ) AS moved ON moved.workspace_id = insights_cache.workspace_id;
END;
