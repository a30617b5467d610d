-- +goose Up

-- When a session was used last: accounts may end those that nobody uses. One from
-- before counts as used now. How its user signed in is not known, so that it ends
-- where an account lets people in at the issuer only.
ALTER TABLE ops.sessions
    ADD COLUMN used_at   timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN at_issuer boolean     NOT NULL DEFAULT false;
ALTER TABLE ops.sessions ALTER COLUMN used_at DROP DEFAULT;

-- +goose Down
ALTER TABLE ops.sessions DROP COLUMN at_issuer, DROP COLUMN used_at;
