-- +goose Up

-- Where people have signed in: attempts from there are counted apart from those of
-- strangers. A subject is a keyed hash of an e-mail address and a network address.
CREATE TABLE ops.sign_in_addresses (
    subject  bytea       PRIMARY KEY,
    user_uid uuid        NOT NULL,
    used_at  timestamptz NOT NULL
);
CREATE INDEX sign_in_addresses_user ON ops.sign_in_addresses (user_uid);
CREATE INDEX sign_in_addresses_use ON ops.sign_in_addresses (used_at);

-- +goose Down
DROP TABLE ops.sign_in_addresses;
