-- Notes a login that succeeded: it also forgives the attempts that failed before it.
UPDATE app_users
SET last_login_at = strftime('%Y-%m-%d %H:%M:%f000', 'now'),
    failed_login_attempts = 0,
    locked_until = NULL
WHERE id = :user_id;
