-- +goose Up

-- Secrets of second factors and of recovery codes, sealed with the installation's key.
-- Events of the log name those that are in force; settled says that one is known to be.
CREATE TABLE ops.factors (
    id         uuid        PRIMARY KEY,
    user_uid   uuid        NOT NULL,
    kind       text        NOT NULL,
    sealed     bytea       NOT NULL,
    uniquely   bytea       UNIQUE, -- a hash of a passkey's id; null: anything
    count      bigint      NOT NULL, -- of the last use: a time step, or the passkey's own count
    created_at timestamptz NOT NULL,
    used_at    timestamptz, -- null: never
    settled    boolean     NOT NULL DEFAULT false
);
CREATE INDEX factors_user ON ops.factors (user_uid, created_at);
CREATE INDEX factors_unsettled ON ops.factors (id) WHERE NOT settled;

-- Sign-ins whose second factor is asked for, and factors being set up. Only a hash of
-- the secret is kept that a challenge is answered with, and the rest is sealed. It is of use for minutes.
CREATE UNLOGGED TABLE ops.challenges (
    hash       bytea       PRIMARY KEY,
    user_uid   uuid        NOT NULL,
    sealed     bytea       NOT NULL,
    tries      int         NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL
);
CREATE INDEX challenges_user ON ops.challenges (user_uid);
CREATE INDEX challenges_expiry ON ops.challenges (expires_at);

-- The second factor that a session began with, or the set of recovery codes; null: none.
ALTER TABLE ops.sessions ADD COLUMN factor uuid;

-- +goose Down
ALTER TABLE ops.sessions DROP COLUMN factor;
DROP TABLE ops.challenges;
DROP TABLE ops.factors;
