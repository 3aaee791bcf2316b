-- Moves the figures of workspaces as their conversations come, change and go. A conversation that holds no message yet is
-- stored, and counts for nothing else; a visitor is counted with the first of their conversations that holds one.
-- No aggregate meets a NULL: drivers take the warning for a first, empty result.
CREATE OR ALTER TRIGGER trg_conversation_figures ON conversations
AFTER INSERT, UPDATE, DELETE
AS
BEGIN
    SET NOCOUNT ON;
    -- An update of other columns moves nothing.
    IF NOT EXISTS (
        SELECT
            id, message_count, is_active, archived_at, response_count, response_ms, scored_count, score_sum,
            low_confidence_count, rated_count, rating_sum
        FROM inserted
        EXCEPT
        SELECT
            id, message_count, is_active, archived_at, response_count, response_ms, scored_count, score_sum,
            low_confidence_count, rated_count, rating_sum
        FROM deleted
    )
    AND NOT EXISTS (SELECT id FROM deleted EXCEPT SELECT id FROM inserted) RETURN;

    -- First the rows are there and locked to the end of the transaction: conversations of a workspace are counted in
    -- turn, so that of two that begin together only one is a visitor's first.
    INSERT INTO workspace_figures (workspace_id)
    SELECT arrived.workspace_id
    FROM (SELECT DISTINCT inserted.workspace_id FROM inserted) AS arrived
    WHERE NOT EXISTS (
        SELECT 1
        FROM workspace_figures WITH (UPDLOCK, HOLDLOCK)
        WHERE workspace_figures.workspace_id = arrived.workspace_id
    );

    DECLARE @moved TABLE (
        workspace_id UNIQUEIDENTIFIER NOT NULL,
        stored_count INT NOT NULL DEFAULT 0,
        conversation_count INT NOT NULL DEFAULT 0,
        active_count INT NOT NULL DEFAULT 0,
        visitor_count INT NOT NULL DEFAULT 0,
        message_count INT NOT NULL DEFAULT 0,
        response_count INT NOT NULL DEFAULT 0,
        response_ms BIGINT NOT NULL DEFAULT 0,
        scored_count INT NOT NULL DEFAULT 0,
        score_sum FLOAT NOT NULL DEFAULT 0,
        low_confidence_count INT NOT NULL DEFAULT 0,
        rated_count INT NOT NULL DEFAULT 0,
        rating_sum INT NOT NULL DEFAULT 0
    );

    INSERT INTO @moved (
        workspace_id, stored_count, conversation_count, active_count, message_count, response_count, response_ms,
        scored_count, score_sum, low_confidence_count, rated_count, rating_sum
    )
    SELECT
        inserted.workspace_id,
        1,
        CASE WHEN inserted.message_count > 0 THEN 1 ELSE 0 END,
        CASE
            WHEN inserted.message_count > 0 AND inserted.is_active = 1 AND inserted.archived_at IS NULL THEN 1
            ELSE 0
        END,
        inserted.message_count,
        inserted.response_count,
        inserted.response_ms,
        inserted.scored_count,
        inserted.score_sum,
        inserted.low_confidence_count,
        inserted.rated_count,
        inserted.rating_sum
    FROM inserted
    UNION ALL
    SELECT
        deleted.workspace_id,
        -1,
        CASE WHEN deleted.message_count > 0 THEN -1 ELSE 0 END,
        CASE
            WHEN deleted.message_count > 0 AND deleted.is_active = 1 AND deleted.archived_at IS NULL THEN -1
            ELSE 0
        END,
        -deleted.message_count,
        -deleted.response_count,
        -deleted.response_ms,
        -deleted.scored_count,
        -deleted.score_sum,
        -deleted.low_confidence_count,
        -deleted.rated_count,
        -deleted.rating_sum
    FROM deleted;

    INSERT INTO @moved (workspace_id, visitor_count)
    SELECT
        visitors.workspace_id,
        CASE
            WHEN EXISTS (
                SELECT 1
                FROM conversations AS held
                WHERE held.workspace_id = visitors.workspace_id
                    AND held.visitor_id = visitors.visitor_id
                    AND held.message_count > 0
            ) THEN 1
            ELSE 0
        END
        - CASE
            WHEN EXISTS (
                SELECT 1
                FROM deleted
                WHERE deleted.workspace_id = visitors.workspace_id
                    AND deleted.visitor_id = visitors.visitor_id
                    AND deleted.message_count > 0
            )
            OR EXISTS (
                SELECT 1
                FROM conversations AS held
                WHERE held.workspace_id = visitors.workspace_id
                    AND held.visitor_id = visitors.visitor_id
                    AND held.message_count > 0
                    AND held.id NOT IN (SELECT inserted.id FROM inserted)
            ) THEN 1
            ELSE 0
        END
    FROM (
        SELECT inserted.workspace_id, inserted.visitor_id FROM inserted
        UNION
        SELECT deleted.workspace_id, deleted.visitor_id FROM deleted
    ) AS visitors;

    UPDATE workspace_figures
    SET stored_count = workspace_figures.stored_count + moved.stored_count,
        conversation_count = workspace_figures.conversation_count + moved.conversation_count,
        active_count = workspace_figures.active_count + moved.active_count,
        visitor_count = workspace_figures.visitor_count + moved.visitor_count,
        message_count = workspace_figures.message_count + moved.message_count,
        response_count = workspace_figures.response_count + moved.response_count,
        response_ms = workspace_figures.response_ms + moved.response_ms,
        scored_count = workspace_figures.scored_count + moved.scored_count,
        score_sum = workspace_figures.score_sum + moved.score_sum,
        low_confidence_count = workspace_figures.low_confidence_count + moved.low_confidence_count,
        rated_count = workspace_figures.rated_count + moved.rated_count,
        rating_sum = workspace_figures.rating_sum + moved.rating_sum
    FROM workspace_figures
    JOIN (
        SELECT
            workspace_id,
            SUM(stored_count) AS stored_count,
            SUM(conversation_count) AS conversation_count,
            SUM(active_count) AS active_count,
            SUM(visitor_count) AS visitor_count,
            SUM(message_count) AS message_count,
            SUM(response_count) AS response_count,
            SUM(response_ms) AS response_ms,
            SUM(scored_count) AS scored_count,
            SUM(score_sum) AS score_sum,
            SUM(low_confidence_count) AS low_confidence_count,
            SUM(rated_count) AS rated_count,
            SUM(rating_sum) AS rating_sum
        FROM @moved
        GROUP BY workspace_id
    ) AS moved ON moved.workspace_id = workspace_figures.workspace_id;
END;
