-- A statement that sets updated_at is taken at its word; this trigger's own update is one, so it never fires itself.
CREATE OR ALTER TRIGGER trg_profiles_updated_at ON profiles
AFTER UPDATE
AS
BEGIN
    SET NOCOUNT ON;
    IF UPDATE(updated_at) RETURN;

    UPDATE profiles
    SET updated_at = SYSUTCDATETIME()
    FROM profiles
    JOIN inserted ON inserted.id = profiles.id;
END;
