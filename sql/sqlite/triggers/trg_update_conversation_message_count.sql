-- Adds a message to its conversation: its count, when the last came, and what the workspace's figures are added up from.
CREATE TRIGGER trg_update_conversation_message_count
AFTER INSERT ON messages
BEGIN
    UPDATE conversations
    SET message_count = message_count + 1,
        last_message_at = max(coalesce(last_message_at, NEW.created_at), NEW.created_at),
        response_count = response_count + (NEW.role = 'assistant' AND NEW.response_time_ms IS NOT NULL),
        response_ms = response_ms + iif(NEW.role = 'assistant', coalesce(NEW.response_time_ms, 0), 0),
        scored_count = scored_count + (NEW.role = 'assistant' AND NEW.rag_score IS NOT NULL),
        score_sum = score_sum + iif(NEW.role = 'assistant', coalesce(NEW.rag_score, 0), 0),
        low_confidence_count = low_confidence_count + (NEW.role = 'assistant' AND coalesce(NEW.rag_score, 1) < 0.5),
        rated_count = rated_count + (NEW.feedback IS NOT NULL),
        rating_sum = rating_sum + coalesce(NEW.feedback, 0)
    WHERE id = NEW.conversation_id;
END;
