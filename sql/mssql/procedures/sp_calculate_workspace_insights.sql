-- Sets a workspace's insights to what its conversations add up to now, and returns them. The sums are kept by triggers:
-- what it costs does not grow. A conversation counts once it holds a message.
-- Averages are over the messages that carry the value.
CREATE OR ALTER PROCEDURE sp_calculate_workspace_insights
    @workspace_id UNIQUEIDENTIFIER
AS
BEGIN
    SET NOCOUNT ON;

    -- The row is there and locked before the sums are read: a message that arrives meanwhile is added after.
    INSERT INTO insights_cache (id, workspace_id)
    SELECT NEWID(), workspaces.id
    FROM workspaces
    WHERE workspaces.id = @workspace_id
        AND NOT EXISTS (
            SELECT 1 FROM insights_cache WITH (UPDLOCK, HOLDLOCK) WHERE insights_cache.workspace_id = @workspace_id
        );

    UPDATE insights_cache
    SET satisfaction_rate = CAST(figures.rating_sum AS FLOAT) / NULLIF(figures.rated_count, 0),
        avg_rag_score = figures.score_sum / NULLIF(figures.scored_count, 0),
        avg_messages_per_conversation =
            CAST(figures.message_count AS FLOAT) / NULLIF(figures.conversation_count, 0),
        low_confidence_count = COALESCE(figures.low_confidence_count, 0),
        total_conversations = COALESCE(figures.conversation_count, 0),
        total_messages = COALESCE(figures.message_count, 0),
        scored_count = COALESCE(figures.scored_count, 0),
        rated_count = COALESCE(figures.rated_count, 0),
        calculated_at = SYSUTCDATETIME()
    FROM insights_cache
    LEFT JOIN workspace_figures AS figures ON figures.workspace_id = insights_cache.workspace_id
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
