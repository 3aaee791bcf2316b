-- Ends the session of a token.
CREATE OR ALTER PROCEDURE sp_delete_session
    @token_hash NVARCHAR(500)
AS
BEGIN
    SET NOCOUNT ON;

    DELETE FROM app_sessions WHERE token_hash = @token_hash;

    SELECT @@ROWCOUNT AS deleted;
END;
