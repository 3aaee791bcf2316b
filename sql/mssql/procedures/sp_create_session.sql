-- Opens a session of an account that exists and is active. Only hashes of the tokens come here.
CREATE OR ALTER PROCEDURE sp_create_session
    @session_id UNIQUEIDENTIFIER,
    @user_id UNIQUEIDENTIFIER,
    @token_hash NVARCHAR(500),
    @refresh_token_hash NVARCHAR(500),
    @ip_address NVARCHAR(50),
    @user_agent NVARCHAR(500),
    @expires_at DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @success BIT = 0;

    INSERT INTO app_sessions (
        id, user_id, token_hash, refresh_token_hash, ip_address, user_agent, expires_at, last_activity_at
    )
    SELECT
        @session_id, id, @token_hash, @refresh_token_hash, @ip_address, @user_agent, @expires_at, SYSUTCDATETIME()
    FROM app_users
    WHERE id = @user_id AND is_active = 1;

    SET @success = @@ROWCOUNT;

    SELECT
        @success AS success,
        CASE @success WHEN 1 THEN @session_id END AS session_id;
END;
