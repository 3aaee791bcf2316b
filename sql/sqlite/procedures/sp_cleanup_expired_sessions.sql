-- Deletes the sessions whose time is over.
DELETE FROM app_sessions WHERE expires_at <= strftime('%Y-%m-%d %H:%M:%f000', 'now');

SELECT changes() AS deleted;
