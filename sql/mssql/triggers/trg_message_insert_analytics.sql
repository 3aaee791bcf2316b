-- Adds messages to their days (UTC), looking only at their own conversations and at their visitors' others.
--
-- A conversation is counted on the day of its earliest message, so that the days add up to all conversations.
-- A visitor is counted on each day with a message of theirs. An average is moved by its old sum, average x count;
-- sums of whole numbers are rounded, which keeps them exact.
-- No aggregate meets a NULL: drivers take the warning for a first, empty result.
CREATE OR ALTER TRIGGER trg_message_insert_analytics ON messages
AFTER INSERT
AS
BEGIN
    SET NOCOUNT ON;
    IF NOT EXISTS (SELECT 1 FROM inserted) RETURN;

    -- First the days' rows are there and locked to the end of the transaction: messages of one day are counted in turn,
    -- so that of two that arrive together only one is a visitor's first.
    INSERT INTO analytics_daily (id, workspace_id, date)
    SELECT NEWID(), arrived.workspace_id, arrived.date
    FROM (
        SELECT DISTINCT conversations.workspace_id, CAST(inserted.created_at AS DATE) AS date
        FROM inserted
        JOIN conversations ON conversations.id = inserted.conversation_id
    ) AS arrived
    WHERE NOT EXISTS (
        SELECT 1
        FROM analytics_daily WITH (UPDLOCK, HOLDLOCK)
        WHERE analytics_daily.workspace_id = arrived.workspace_id AND analytics_daily.date = arrived.date
    );

    DECLARE @moved TABLE (
        workspace_id UNIQUEIDENTIFIER NOT NULL,
        date DATE NOT NULL,
        total_conversations INT NOT NULL DEFAULT 0,
        total_messages INT NOT NULL DEFAULT 0,
        unique_visitors INT NOT NULL DEFAULT 0,
        response_count INT NOT NULL DEFAULT 0,
        response_sum FLOAT NOT NULL DEFAULT 0,
        scored_count INT NOT NULL DEFAULT 0,
        score_sum FLOAT NOT NULL DEFAULT 0,
        rated_count INT NOT NULL DEFAULT 0,
        rating_sum FLOAT NOT NULL DEFAULT 0,
        tokens BIGINT NOT NULL DEFAULT 0
    );

    INSERT INTO @moved (
        workspace_id, date, total_messages,
        response_count, response_sum, scored_count, score_sum, rated_count, rating_sum, tokens
    )
    SELECT
        conversations.workspace_id,
        CAST(inserted.created_at AS DATE),
        COUNT(*),
        SUM(CASE WHEN inserted.role = 'assistant' AND inserted.response_time_ms IS NOT NULL THEN 1 ELSE 0 END),
        SUM(
            CASE
                WHEN inserted.role = 'assistant' THEN COALESCE(CAST(inserted.response_time_ms AS FLOAT), 0)
                ELSE 0
            END
        ),
        SUM(CASE WHEN inserted.role = 'assistant' AND inserted.rag_score IS NOT NULL THEN 1 ELSE 0 END),
        SUM(CASE WHEN inserted.role = 'assistant' THEN COALESCE(inserted.rag_score, 0) ELSE 0 END),
        SUM(CASE WHEN inserted.feedback IS NOT NULL THEN 1 ELSE 0 END),
        SUM(COALESCE(CAST(inserted.feedback AS FLOAT), 0)),
        SUM(COALESCE(CAST(inserted.tokens_used AS BIGINT), 0))
    FROM inserted
    JOIN conversations ON conversations.id = inserted.conversation_id
    GROUP BY conversations.workspace_id, CAST(inserted.created_at AS DATE);

    INSERT INTO @moved (workspace_id, date, unique_visitors)
    SELECT arrived.workspace_id, arrived.date, COUNT(*)
    FROM (
        SELECT DISTINCT
            conversations.workspace_id, conversations.visitor_id, CAST(inserted.created_at AS DATE) AS date
        FROM inserted
        JOIN conversations ON conversations.id = inserted.conversation_id
    ) AS arrived
    WHERE NOT EXISTS (
        SELECT 1
        FROM conversations AS visit
        JOIN messages AS earlier ON earlier.conversation_id = visit.id
        WHERE visit.workspace_id = arrived.workspace_id
            AND visit.visitor_id = arrived.visitor_id
            AND earlier.created_at >= arrived.date
            AND earlier.created_at < DATEADD(DAY, 1, arrived.date)
            AND earlier.id NOT IN (SELECT inserted.id FROM inserted)
    )
    GROUP BY arrived.workspace_id, arrived.date;

    -- The day each conversation begins on, by the new messages, and the day it was counted on before, if it was.
    DECLARE @begun TABLE (workspace_id UNIQUEIDENTIFIER NOT NULL, began_on DATE NOT NULL, counted_on DATE NULL);

    INSERT INTO @begun (workspace_id, began_on, counted_on)
    SELECT
        conversations.workspace_id,
        CAST(arrived.first_at AS DATE),
        (
            SELECT CAST(MIN(earlier.created_at) AS DATE)
            FROM messages AS earlier
            WHERE earlier.conversation_id = conversations.id
                AND earlier.id NOT IN (SELECT inserted.id FROM inserted)
        )
    FROM (
        SELECT inserted.conversation_id, MIN(inserted.created_at) AS first_at
        FROM inserted
        GROUP BY inserted.conversation_id
    ) AS arrived
    JOIN conversations ON conversations.id = arrived.conversation_id;

    INSERT INTO @moved (workspace_id, date, total_conversations)
    SELECT workspace_id, began_on, 1
    FROM @begun
    WHERE counted_on IS NULL OR began_on < counted_on
    UNION ALL
    SELECT workspace_id, counted_on, -1
    FROM @begun
    WHERE began_on < counted_on;

    UPDATE analytics_daily
    SET total_conversations = analytics_daily.total_conversations + moved.total_conversations,
        total_messages = analytics_daily.total_messages + moved.total_messages,
        unique_visitors = analytics_daily.unique_visitors + moved.unique_visitors,
        avg_messages_per_conversation =
            CAST(analytics_daily.total_messages + moved.total_messages AS FLOAT)
            / NULLIF(analytics_daily.total_conversations + moved.total_conversations, 0),
        response_count = analytics_daily.response_count + moved.response_count,
        avg_response_time_ms =
            (
                ROUND(COALESCE(analytics_daily.avg_response_time_ms, 0) * analytics_daily.response_count, 0)
                + moved.response_sum
            )
            / NULLIF(analytics_daily.response_count + moved.response_count, 0),
        scored_count = analytics_daily.scored_count + moved.scored_count,
        avg_rag_score =
            (COALESCE(analytics_daily.avg_rag_score, 0) * analytics_daily.scored_count + moved.score_sum)
            / NULLIF(analytics_daily.scored_count + moved.scored_count, 0),
        rated_count = analytics_daily.rated_count + moved.rated_count,
        satisfaction_rate =
            (ROUND(COALESCE(analytics_daily.satisfaction_rate, 0) * analytics_daily.rated_count, 0) + moved.rating_sum)
            / NULLIF(analytics_daily.rated_count + moved.rated_count, 0),
        tokens_used = analytics_daily.tokens_used + moved.tokens
    FROM analytics_daily
    JOIN (
        SELECT
            workspace_id,
            date,
            SUM(total_conversations) AS total_conversations,
            SUM(total_messages) AS total_messages,
            SUM(unique_visitors) AS unique_visitors,
            SUM(response_count) AS response_count,
            SUM(response_sum) AS response_sum,
            SUM(scored_count) AS scored_count,
            SUM(score_sum) AS score_sum,
            SUM(rated_count) AS rated_count,
            SUM(rating_sum) AS rating_sum,
            SUM(tokens) AS tokens
        FROM @moved
        GROUP BY workspace_id, date
    ) AS moved ON moved.workspace_id = analytics_daily.workspace_id AND moved.date = analytics_daily.date;
END;
