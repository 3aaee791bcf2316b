-- A statement that sets updated_at is taken at its word; this trigger's own update is one, so it never fires itself.
CREATE OR ALTER TRIGGER trg_analytics_daily_updated_at ON analytics_daily
AFTER UPDATE
AS
BEGIN
    SET NOCOUNT ON;
    IF UPDATE(updated_at) RETURN;

    UPDATE analytics_daily
    SET updated_at = SYSUTCDATETIME()
    FROM analytics_daily
    JOIN inserted ON inserted.id = analytics_daily.id;
END;
