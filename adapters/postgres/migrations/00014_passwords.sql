-- +goose Up

-- A session lasts no longer than the credential that was in force when it
-- began. Of sessions from before that is not known: who is signed in has to sign
-- in once more.
DELETE FROM ops.sessions;
ALTER TABLE ops.sessions ADD COLUMN credential uuid NOT NULL;
CREATE INDEX sessions_credential ON ops.sessions (credential);

-- +goose Down
ALTER TABLE ops.sessions DROP COLUMN credential;
