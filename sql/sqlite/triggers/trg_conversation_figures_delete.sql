-- Takes a conversation from its workspace's figures, with all that it held: its messages went before it.
-- SQLite knows one event a trigger: this is the DELETE of trg_conversation_figures.
CREATE TRIGGER trg_conversation_figures_delete
AFTER DELETE ON conversations
BEGIN
    UPDATE workspace_figures
    SET stored_count = stored_count - 1,
        conversation_count = conversation_count - (OLD.message_count > 0),
        active_count = active_count - (OLD.message_count > 0 AND OLD.is_active AND OLD.archived_at IS NULL),
        visitor_count = visitor_count - (
            OLD.message_count > 0
            AND NOT EXISTS (
                SELECT 1
                FROM conversations AS other
                WHERE other.workspace_id = OLD.workspace_id
                    AND other.visitor_id = OLD.visitor_id
                    AND other.message_count > 0
                    AND other.id <> OLD.id
            )
        ),
        message_count = message_count - OLD.message_count,
        response_count = response_count - OLD.response_count,
        response_ms = response_ms - OLD.response_ms,
        scored_count = scored_count - OLD.scored_count,
        score_sum = score_sum - OLD.score_sum,
        low_confidence_count = low_confidence_count - OLD.low_confidence_count,
        rated_count = rated_count - OLD.rated_count,
        rating_sum = rating_sum - OLD.rating_sum
    WHERE workspace_id = OLD.workspace_id;
END;
