-- Ends the session of a token.
DELETE FROM app_sessions WHERE token_hash = :token_hash;

SELECT changes() AS deleted;
