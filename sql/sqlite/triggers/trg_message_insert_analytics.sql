-- Adds a message to its day (UTC), looking only at its own conversation and at its visitor's others.
--
-- A conversation is counted on the day of its earliest message, so that the days add up to all conversations.
-- A visitor is counted on each day with a message of theirs. An average is moved by its old sum, average x count;
-- sums of whole numbers are rounded, which keeps them exact.
CREATE TRIGGER trg_message_insert_analytics
AFTER INSERT ON messages
BEGIN
    -- A message that comes late, and is older than the others, takes its conversation from the later day.
    UPDATE analytics_daily
    SET total_conversations = total_conversations - 1,
        avg_messages_per_conversation = CAST(total_messages AS REAL) / nullif(total_conversations - 1, 0)
    WHERE workspace_id = (SELECT workspace_id FROM conversations WHERE id = NEW.conversation_id)
        AND date > substr(NEW.created_at, 1, 10)
        AND date = (
            SELECT substr(min(created_at), 1, 10)
            FROM messages
            WHERE conversation_id = NEW.conversation_id AND id <> NEW.id
        );

    INSERT INTO analytics_daily (
        id, workspace_id, date,
        total_conversations, total_messages, unique_visitors, avg_messages_per_conversation,
        response_count, avg_response_time_ms, scored_count, avg_rag_score, rated_count, satisfaction_rate,
        tokens_used
    )
    SELECT
        lower(hex(randomblob(16))), arrival.workspace_id, arrival.day,
        arrival.begins, 1, arrival.visits, 1.0 / nullif(arrival.begins, 0),
        iif(NEW.role = 'assistant', NEW.response_time_ms IS NOT NULL, 0),
        iif(NEW.role = 'assistant', CAST(NEW.response_time_ms AS REAL), NULL),
        iif(NEW.role = 'assistant', NEW.rag_score IS NOT NULL, 0),
        iif(NEW.role = 'assistant', NEW.rag_score, NULL),
        NEW.feedback IS NOT NULL, CAST(NEW.feedback AS REAL),
        coalesce(NEW.tokens_used, 0)
    FROM (
        SELECT
            own.workspace_id,
            substr(NEW.created_at, 1, 10) AS day,
            NOT EXISTS (
                SELECT 1
                FROM messages AS other
                WHERE other.conversation_id = own.id
                    AND other.created_at < date(substr(NEW.created_at, 1, 10), '+1 day')
                    AND other.id <> NEW.id
            ) AS begins,
            NOT EXISTS (
                SELECT 1
                FROM conversations AS visit
                JOIN messages AS other ON other.conversation_id = visit.id
                WHERE visit.workspace_id = own.workspace_id
                    AND visit.visitor_id = own.visitor_id
                    AND other.created_at >= substr(NEW.created_at, 1, 10)
                    AND other.created_at < date(substr(NEW.created_at, 1, 10), '+1 day')
                    AND other.id <> NEW.id
            ) AS visits
        FROM conversations AS own
        WHERE own.id = NEW.conversation_id
    ) AS arrival
    WHERE 1
    ON CONFLICT (workspace_id, date) DO UPDATE SET
        total_conversations = total_conversations + excluded.total_conversations,
        total_messages = total_messages + 1,
        unique_visitors = unique_visitors + excluded.unique_visitors,
        avg_messages_per_conversation =
            CAST(total_messages + 1 AS REAL) / nullif(total_conversations + excluded.total_conversations, 0),
        response_count = response_count + excluded.response_count,
        avg_response_time_ms = iif(
            excluded.response_count = 0,
            avg_response_time_ms,
            (round(coalesce(avg_response_time_ms, 0) * response_count) + excluded.avg_response_time_ms)
                / (response_count + 1)
        ),
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
        tokens_used = tokens_used + excluded.tokens_used;
END;
