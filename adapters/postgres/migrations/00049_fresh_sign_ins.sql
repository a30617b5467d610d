-- +goose Up

-- A personal token rests on the password that was in force when it was made, as sessions
-- do: it ends with it. Null: made by a version before, it ends by being revoked.
-- used_at, address and client are those of the last use; null and empty: not known.
ALTER TABLE ops.personal_tokens
    ADD COLUMN credential uuid,
    ADD COLUMN used_at    timestamptz,
    ADD COLUMN address    text NOT NULL DEFAULT '',
    ADD COLUMN client     text NOT NULL DEFAULT '';

-- When the user of a session has last signed in afresh; null: when it began.
ALTER TABLE ops.sessions
    ADD COLUMN signed_in_at timestamptz,
    ADD COLUMN address      text NOT NULL DEFAULT '',
    ADD COLUMN client       text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE ops.sessions DROP COLUMN client, DROP COLUMN address, DROP COLUMN signed_in_at;
ALTER TABLE ops.personal_tokens DROP COLUMN client, DROP COLUMN address, DROP COLUMN used_at, DROP COLUMN credential;
