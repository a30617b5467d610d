-- +goose Up

-- Feeds of renewals for calendar programs. The token in a feed's address is kept
-- hashed. A revoked one stays a while, so that a repeat of the request that made it
-- does not bring it back.
CREATE TABLE ops.calendars (
    id           uuid        PRIMARY KEY,
    token_hash   bytea       NOT NULL UNIQUE,
    user_uid     uuid        NOT NULL,
    account      uuid,       -- null: all that the user reads
    label        text        NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz, -- null: never
    last_read_at timestamptz,
    revoked_at   timestamptz
);
CREATE INDEX calendars_of_user ON ops.calendars (user_uid);

-- +goose Down
DROP TABLE ops.calendars;
