-- Finds a session that is alive: known, not expired, of an account that is active. It only reads.
CREATE OR ALTER PROCEDURE sp_validate_session
    @token_hash NVARCHAR(500)
AS
BEGIN
    SET NOCOUNT ON;

    SELECT
        app_sessions.id AS session_id,
        app_sessions.user_id,
        app_users.email,
        app_users.full_name,
        app_users.role,
        app_sessions.expires_at,
        app_sessions.last_activity_at
    FROM app_sessions
    JOIN app_users ON app_users.id = app_sessions.user_id
    WHERE app_sessions.token_hash = @token_hash
        AND app_sessions.expires_at > SYSUTCDATETIME()
        AND app_users.is_active = 1;
END;
