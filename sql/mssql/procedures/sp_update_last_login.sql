-- Notes a login that succeeded: it also forgives the attempts that failed before it.
CREATE OR ALTER PROCEDURE sp_update_last_login
    @user_id UNIQUEIDENTIFIER
AS
BEGIN
    SET NOCOUNT ON;

    UPDATE app_users
    SET last_login_at = SYSUTCDATETIME(),
        failed_login_attempts = 0,
        locked_until = NULL
    WHERE id = @user_id;
END;
