-- Counts a workspace's figures again from its messages, keeps them in insights_cache and returns them.
-- A conversation counts once it holds a message. Averages are over the messages that carry the value.
-- No aggregate meets a NULL: drivers take the warning for a first, empty result.
CREATE OR ALTER PROCEDURE sp_calculate_workspace_insights
    @workspace_id UNIQUEIDENTIFIER
AS
BEGIN
    SET NOCOUNT ON;

    -- The row is there and locked before the messages are counted: one that arrives meanwhile is added after.
    INSERT INTO insights_cache (id, workspace_id)
    SELECT NEWID(), workspaces.id
    FROM workspaces
    WHERE workspaces.id = @workspace_id
        AND NOT EXISTS (
            SELECT 1 FROM insights_cache WITH (UPDLOCK, HOLDLOCK) WHERE insights_cache.workspace_id = @workspace_id
        );

    UPDATE insights_cache
    SET satisfaction_rate = counted.rating_sum / NULLIF(counted.rated_count, 0),
        avg_rag_score = counted.score_sum / NULLIF(counted.scored_count, 0),
        avg_messages_per_conversation =
            CAST(counted.total_messages AS FLOAT) / NULLIF(counted.total_conversations, 0),
        low_confidence_count = COALESCE(counted.low_confidence_count, 0),
        total_conversations = counted.total_conversations,
        total_messages = counted.total_messages,
        scored_count = COALESCE(counted.scored_count, 0),
        rated_count = COALESCE(counted.rated_count, 0),
        calculated_at = SYSUTCDATETIME()
    FROM insights_cache
    CROSS JOIN (
        SELECT
            SUM(COALESCE(CAST(messages.feedback AS FLOAT), 0)) AS rating_sum,
            SUM(CASE WHEN messages.feedback IS NOT NULL THEN 1 ELSE 0 END) AS rated_count,
            SUM(CASE WHEN messages.role = 'assistant' THEN COALESCE(messages.rag_score, 0) ELSE 0 END) AS score_sum,
            SUM(CASE WHEN messages.role = 'assistant' AND messages.rag_score IS NOT NULL THEN 1 ELSE 0 END)
                AS scored_count,
            SUM(CASE WHEN messages.role = 'assistant' AND messages.rag_score < 0.5 THEN 1 ELSE 0 END)
                AS low_confidence_count,
            COUNT(DISTINCT messages.conversation_id) AS total_conversations,
            COUNT(*) AS total_messages
        FROM conversations
        JOIN messages ON messages.conversation_id = conversations.id
        WHERE conversations.workspace_id = @workspace_id
    ) AS counted
    WHERE insights_cache.workspace_id = @workspace_id;

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
    WHERE workspace_id = @workspace_id;
END;
