-- SQLite knows one event a trigger: this is the DELETE of trg_update_conversation_message_count.
CREATE TRIGGER trg_update_conversation_message_count_delete
AFTER DELETE ON messages
BEGIN
    UPDATE conversations
    SET message_count = message_count - 1,
        last_message_at = (SELECT max(created_at) FROM messages WHERE conversation_id = OLD.conversation_id),
        response_count = response_count - (OLD.role = 'assistant' AND OLD.response_time_ms IS NOT NULL),
        response_ms = response_ms - iif(OLD.role = 'assistant', coalesce(OLD.response_time_ms, 0), 0),
        scored_count = scored_count - (OLD.role = 'assistant' AND OLD.rag_score IS NOT NULL),
        score_sum = score_sum - iif(OLD.role = 'assistant', coalesce(OLD.rag_score, 0), 0),
        low_confidence_count = low_confidence_count - (OLD.role = 'assistant' AND coalesce(OLD.rag_score, 1) < 0.5),
        rated_count = rated_count - (OLD.feedback IS NOT NULL),
        rating_sum = rating_sum - coalesce(OLD.feedback, 0)
    WHERE id = OLD.conversation_id;
END;
