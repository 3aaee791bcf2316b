CREATE OR ALTER TRIGGER trg_response_cache_expiry ON response_cache
AFTER INSERT
AS
BEGIN
    SET NOCOUNT ON;

    UPDATE response_cache
    SET expires_at = DATEADD(SECOND, response_cache.ttl_seconds, response_cache.created_at)
    FROM response_cache
    JOIN inserted ON inserted.id = response_cache.id;
END;
