-- Creates an account and its profile. An e-mail address that is taken is an answer, not an error.
CREATE OR ALTER PROCEDURE sp_create_user
    @user_id UNIQUEIDENTIFIER,
    @email NVARCHAR(255),
    @password_hash NVARCHAR(500),
    @password_salt NVARCHAR(255),
    @full_name NVARCHAR(255),
    @role NVARCHAR(50)
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @success BIT = 0;

    BEGIN TRY
        -- The lock holds the address against a registration that runs at the same time.
        INSERT INTO app_users (id, email, password_hash, password_salt, full_name, role)
        SELECT @user_id, @email, @password_hash, @password_salt, @full_name, @role
        WHERE NOT EXISTS (SELECT 1 FROM app_users WITH (UPDLOCK, HOLDLOCK) WHERE email = @email);

        SET @success = @@ROWCOUNT;
    END TRY
    BEGIN CATCH
        -- 2601 and 2627 say that a key is taken; only the e-mail address's is an answer.
        IF ERROR_NUMBER() NOT IN (2601, 2627) OR NOT EXISTS (SELECT 1 FROM app_users WHERE email = @email)
        BEGIN
            THROW;
        END;
    END CATCH;

    IF @success = 1
        INSERT INTO profiles (id, role) VALUES (@user_id, @role);

    SELECT
        @success AS success,
        CASE @success
            WHEN 1 THEN N'The account was created.'
            ELSE N'An account with this e-mail address exists already.'
        END AS message,
        CASE @success WHEN 1 THEN @user_id END AS user_id;
END;
