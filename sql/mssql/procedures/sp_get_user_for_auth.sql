-- Finds an account by its e-mail address, with all that a login has to weigh.
CREATE OR ALTER PROCEDURE sp_get_user_for_auth
    @email NVARCHAR(255)
AS
BEGIN
    SET NOCOUNT ON;

    SELECT
        id AS user_id,
        email,
        password_hash,
        password_salt,
        full_name,
        role,
        is_active,
        failed_login_attempts,
        locked_until
    FROM app_users
    WHERE email = @email;
END;
