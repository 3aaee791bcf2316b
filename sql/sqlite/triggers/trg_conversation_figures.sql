-- Moves the figures of a workspace as one of its conversations changes. A visitor is counted with the first of their
-- conversations that holds a message.
CREATE TRIGGER trg_conversation_figures
AFTER UPDATE OF
    message_count, is_active, archived_at, response_count, response_ms, scored_count, score_sum, low_confidence_count,
    rated_count, rating_sum
ON conversations
BEGIN
    INSERT INTO workspace_figures (
        workspace_id, stored_count, conversation_count, active_count, visitor_count, message_count, response_count,
        response_ms, scored_count, score_sum, low_confidence_count, rated_count, rating_sum
    )
    VALUES (
        NEW.workspace_id, 0, (NEW.message_count > 0) - (OLD.message_count > 0),
        (NEW.message_count > 0 AND NEW.is_active AND NEW.archived_at IS NULL)
            - (OLD.message_count > 0 AND OLD.is_active AND OLD.archived_at IS NULL),
        iif(
            (NEW.message_count > 0) <> (OLD.message_count > 0)
            AND NOT EXISTS (
                SELECT 1
                FROM conversations AS other
                WHERE other.workspace_id = NEW.workspace_id
                    AND other.visitor_id = NEW.visitor_id
                    AND other.message_count > 0
                    AND other.id <> NEW.id
            ),
            (NEW.message_count > 0) - (OLD.message_count > 0),
            0
        ),
        NEW.message_count - OLD.message_count,
        NEW.response_count - OLD.response_count,
        NEW.response_ms - OLD.response_ms,
        NEW.scored_count - OLD.scored_count,
        NEW.score_sum - OLD.score_sum,
        NEW.low_confidence_count - OLD.low_confidence_count,
        NEW.rated_count - OLD.rated_count,
        NEW.rating_sum - OLD.rating_sum
    )
    ON CONFLICT (workspace_id) DO UPDATE SET
        stored_count = stored_count + excluded.stored_count,
        conversation_count = conversation_count + excluded.conversation_count,
        active_count = active_count + excluded.active_count,
        visitor_count = visitor_count + excluded.visitor_count,
        message_count = message_count + excluded.message_count,
        response_count = response_count + excluded.response_count,
        response_ms = response_ms + excluded.response_ms,
        scored_count = scored_count + excluded.scored_count,
        score_sum = score_sum + excluded.score_sum,
        low_confidence_count = low_confidence_count + excluded.low_confidence_count,
        rated_count = rated_count + excluded.rated_count,
        rating_sum = rating_sum + excluded.rating_sum;
END;
