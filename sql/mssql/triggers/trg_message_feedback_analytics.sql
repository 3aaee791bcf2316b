-- Moves the satisfaction of messages' days, of their conversations and of their workspaces, when visitors rate, change the rating or take it back.
-- The old sum is average x count, rounded because ratings are whole numbers.
CREATE OR ALTER TRIGGER trg_message_feedback_analytics ON messages
AFTER UPDATE
AS
BEGIN
    SET NOCOUNT ON;
    IF NOT UPDATE(feedback) RETURN;

    DECLARE @moved TABLE (
        workspace_id UNIQUEIDENTIFIER NOT NULL,
        date DATE NOT NULL,
        rated_count INT NOT NULL,
        rating_sum FLOAT NOT NULL
    );

    -- 2 stands for no rating: the check on feedback leaves it free.
    INSERT INTO @moved (workspace_id, date, rated_count, rating_sum)
    SELECT
        conversations.workspace_id,
        CAST(inserted.created_at AS DATE),
        SUM(
            CASE WHEN inserted.feedback IS NOT NULL THEN 1 ELSE 0 END
            - CASE WHEN deleted.feedback IS NOT NULL THEN 1 ELSE 0 END
        ),
        SUM(CAST(COALESCE(inserted.feedback, 0) - COALESCE(deleted.feedback, 0) AS FLOAT))
    FROM inserted
    JOIN deleted ON deleted.id = inserted.id
    JOIN conversations ON conversations.id = inserted.conversation_id
    WHERE COALESCE(inserted.feedback, 2) <> COALESCE(deleted.feedback, 2)
    GROUP BY conversations.workspace_id, CAST(inserted.created_at AS DATE);

    UPDATE analytics_daily
    SET rated_count = analytics_daily.rated_count + moved.rated_count,
        satisfaction_rate =
            (ROUND(COALESCE(analytics_daily.satisfaction_rate, 0) * analytics_daily.rated_count, 0) + moved.rating_sum)
            / NULLIF(analytics_daily.rated_count + moved.rated_count, 0)
    FROM analytics_daily
    JOIN @moved AS moved ON moved.workspace_id = analytics_daily.workspace_id AND moved.date = analytics_daily.date;

    UPDATE insights_cache
    SET rated_count = insights_cache.rated_count + moved.rated_count,
        satisfaction_rate =
            (ROUND(COALESCE(insights_cache.satisfaction_rate, 0) * insights_cache.rated_count, 0) + moved.rating_sum)
            / NULLIF(insights_cache.rated_count + moved.rated_count, 0),
        calculated_at = SYSUTCDATETIME()
    FROM insights_cache
    JOIN (
        SELECT workspace_id, SUM(rated_count) AS rated_count, SUM(rating_sum) AS rating_sum
        FROM @moved
        GROUP BY workspace_id
    ) AS moved ON moved.workspace_id = insights_cache.workspace_id;

    UPDATE conversations
    SET rated_count = conversations.rated_count + moved.rated_count,
        rating_sum = conversations.rating_sum + moved.rating_sum
    FROM conversations
    JOIN (
        SELECT
            inserted.conversation_id,
            SUM(
                CASE WHEN inserted.feedback IS NOT NULL THEN 1 ELSE 0 END
                - CASE WHEN deleted.feedback IS NOT NULL THEN 1 ELSE 0 END
            ) AS rated_count,
            SUM(COALESCE(inserted.feedback, 0) - COALESCE(deleted.feedback, 0)) AS rating_sum
        FROM inserted
        JOIN deleted ON deleted.id = inserted.id
        WHERE COALESCE(inserted.feedback, 2) <> COALESCE(deleted.feedback, 2)
        GROUP BY inserted.conversation_id
    ) AS moved ON moved.conversation_id = conversations.id;
END;
