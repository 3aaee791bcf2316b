-- Moves the satisfaction of a message's day, of its conversation and of its workspace, when a visitor rates, changes the rating or takes it back.
-- The old sum is average x count, rounded because ratings are whole numbers.
CREATE TRIGGER trg_message_feedback_analytics
AFTER UPDATE OF feedback ON messages
WHEN NEW.feedback IS NOT OLD.feedback
BEGIN
    UPDATE analytics_daily
    SET rated_count = rated_count + (NEW.feedback IS NOT NULL) - (OLD.feedback IS NOT NULL),
        satisfaction_rate =
            (
                round(coalesce(satisfaction_rate, 0) * rated_count)
                + coalesce(NEW.feedback, 0) - coalesce(OLD.feedback, 0)
            )
            / nullif(rated_count + (NEW.feedback IS NOT NULL) - (OLD.feedback IS NOT NULL), 0)
    WHERE workspace_id = (SELECT workspace_id FROM conversations WHERE id = NEW.conversation_id)
        AND date = substr(NEW.created_at, 1, 10);

    UPDATE insights_cache
    SET rated_count = rated_count + (NEW.feedback IS NOT NULL) - (OLD.feedback IS NOT NULL),
        satisfaction_rate =
            (
                round(coalesce(satisfaction_rate, 0) * rated_count)
                + coalesce(NEW.feedback, 0) - coalesce(OLD.feedback, 0)
            )
            / nullif(rated_count + (NEW.feedback IS NOT NULL) - (OLD.feedback IS NOT NULL), 0),
        calculated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now')
    WHERE workspace_id = (SELECT workspace_id FROM conversations WHERE id = NEW.conversation_id);

    UPDATE conversations
    SET rated_count = rated_count + (NEW.feedback IS NOT NULL) - (OLD.feedback IS NOT NULL),
        rating_sum = rating_sum + coalesce(NEW.feedback, 0) - coalesce(OLD.feedback, 0)
    WHERE id = NEW.conversation_id;
END;
