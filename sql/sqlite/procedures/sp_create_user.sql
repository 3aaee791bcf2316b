-- Creates an account and its profile. An e-mail address that is taken is an answer, not an error.
INSERT INTO app_users (id, email, password_hash, password_salt, full_name, role)
VALUES (:user_id, :email, :password_hash, :password_salt, :full_name, :role)
ON CONFLICT (email) DO NOTHING;

INSERT INTO profiles (id, role)
SELECT id, role FROM app_users WHERE id = :user_id AND changes() = 1;

SELECT
    changes() = 1 AS success,
    CASE changes()
        WHEN 1 THEN 'The account was created.'
        ELSE 'An account with this e-mail address exists already.'
    END AS message,
    CASE changes() WHEN 1 THEN :user_id END AS user_id;
