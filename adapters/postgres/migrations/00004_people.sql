-- +goose Up

-- Hashes of passwords. Events of the log name the one that is in force.
CREATE TABLE ops.credentials (
    id         uuid        PRIMARY KEY,
    user_uid   uuid        NOT NULL,
    hash       text        NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX credentials_user ON ops.credentials (user_uid);

-- Who is signed in; only a hash of the token is kept.
CREATE TABLE ops.sessions (
    id         uuid        PRIMARY KEY,
    token_hash bytea       NOT NULL UNIQUE,
    user_uid   uuid        NOT NULL,
    account    uuid        NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_user ON ops.sessions (user_uid, created_at DESC);
CREATE INDEX sessions_expiry ON ops.sessions (expires_at);

-- When a user of an account has signed in last.
CREATE TABLE ops.last_logins (
    account uuid        PRIMARY KEY,
    at      timestamptz NOT NULL
);

-- Attempts to sign in, counted for all instances. A subject is a keyed hash of
-- an e-mail address or a network address.
CREATE TABLE ops.sign_in_attempts (
    subject bytea       PRIMARY KEY,
    count   int         NOT NULL,
    ends_at timestamptz NOT NULL
);
CREATE INDEX sign_in_attempts_end ON ops.sign_in_attempts (ends_at);

-- API tokens that users made for themselves, with rights listed or a profile's.
CREATE TABLE ops.personal_tokens (
    id         uuid        PRIMARY KEY,
    token_hash bytea       NOT NULL UNIQUE,
    user_uid   uuid        NOT NULL,
    account    uuid        NOT NULL,
    label      text        NOT NULL,
    profile    text        NOT NULL,
    rights     text[]      NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked    boolean     NOT NULL DEFAULT false
);
CREATE INDEX personal_tokens_user ON ops.personal_tokens (user_uid, created_at DESC);

-- +goose Down
DROP TABLE ops.personal_tokens;
DROP TABLE ops.sign_in_attempts;
DROP TABLE ops.last_logins;
DROP TABLE ops.sessions;
DROP TABLE ops.credentials;
