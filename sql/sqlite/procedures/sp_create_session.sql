-- Opens a session of an account that exists and is active. Only hashes of the tokens come here.
INSERT INTO app_sessions (
    id, user_id, token_hash, refresh_token_hash, ip_address, user_agent, expires_at, last_activity_at
)
SELECT
    :session_id, id, :token_hash, :refresh_token_hash, :ip_address, :user_agent, :expires_at,
    strftime('%Y-%m-%d %H:%M:%f000', 'now')
FROM app_users
WHERE id = :user_id AND is_active = 1;

SELECT
    changes() = 1 AS success,
    CASE changes() WHEN 1 THEN :session_id END AS session_id;
