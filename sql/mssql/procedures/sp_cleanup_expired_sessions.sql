-- Deletes the sessions whose time is over.
CREATE OR ALTER PROCEDURE sp_cleanup_expired_sessions
AS
BEGIN
    SET NOCOUNT ON;

    DELETE FROM app_sessions WHERE expires_at <= SYSUTCDATETIME();

    SELECT @@ROWCOUNT AS deleted;
END;
