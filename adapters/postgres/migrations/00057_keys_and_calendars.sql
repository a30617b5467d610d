-- +goose Up

-- Whose keys they are, to limit how many an account has kept. Null: the operator's, or kept
-- by a version that did not note it.
ALTER TABLE ops.idempotency_keys ADD COLUMN account uuid;
CREATE INDEX idempotency_keys_of_account ON ops.idempotency_keys (account, expires_at DESC) WHERE account IS NOT NULL;

-- The password that was in force when the calendar was made: it ends with that. Null: made
-- by a version that did not note it.
ALTER TABLE ops.calendars ADD COLUMN credential uuid;

-- +goose Down
ALTER TABLE ops.calendars DROP COLUMN credential;
DROP INDEX ops.idempotency_keys_of_account;
ALTER TABLE ops.idempotency_keys DROP COLUMN account;
