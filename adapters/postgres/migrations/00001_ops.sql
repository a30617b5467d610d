-- +goose Up

-- Answers to writes that carried an Idempotency-Key.
CREATE TABLE ops.idempotency_keys (
    caller       text        NOT NULL,
    key          text        NOT NULL,
    fingerprint  bytea       NOT NULL,
    state        text        NOT NULL CHECK (state IN ('running', 'done')),
    -- Names the attempt that holds a running key, so that an attempt that was
    -- taken over cannot answer for its successor.
    attempt      uuid        NOT NULL,
    status       int,
    headers      jsonb,
    body         bytea,
    created_at   timestamptz NOT NULL,
    locked_until timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (caller, key),
    CHECK (state = 'running' OR status IS NOT NULL)
);
CREATE INDEX idempotency_keys_expiry ON ops.idempotency_keys (expires_at);

-- Bearer tokens; only a hash of the secret is kept.
CREATE TABLE ops.api_tokens (
    id            uuid        PRIMARY KEY,
    token_hash    bytea       NOT NULL UNIQUE,
    account       uuid        NOT NULL,
    administrator boolean     NOT NULL,
    profile       text,
    label         text        NOT NULL DEFAULT '',
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz,
    revoked_at    timestamptz,
    CHECK (administrator OR profile IS NOT NULL)
);
CREATE INDEX api_tokens_account ON ops.api_tokens (account);

-- Long work that was answered with 202. Requests, items and results are kept
-- as json, not jsonb: they come back byte for byte, and jsonb refuses the
-- escape of NUL, which a refused item may well contain.
CREATE TABLE ops.operations (
    id          uuid        PRIMARY KEY,
    kind        text        NOT NULL,
    account     uuid,
    state       text        NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    request     json        NOT NULL,
    total       int         NOT NULL,
    done        int         NOT NULL DEFAULT 0,
    counters    jsonb       NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL,
    started_at  timestamptz,
    finished_at timestamptz,
    error       text,
    position    text,
    CHECK (done BETWEEN 0 AND total)
);
CREATE INDEX operations_account ON ops.operations (account, created_at DESC);
CREATE INDEX operations_open ON ops.operations (created_at) WHERE state IN ('queued', 'running');

CREATE TABLE ops.operation_items (
    operation uuid NOT NULL REFERENCES ops.operations (id) ON DELETE CASCADE,
    index     int  NOT NULL,
    item      json NOT NULL,
    result    json,
    PRIMARY KEY (operation, index)
);

-- How far each version of a read model has followed the log. Log positions are
-- unsigned 64 bit numbers that stay below 2^63 in practice.
CREATE TABLE ops.projector_checkpoint (
    name             text        NOT NULL,
    version          int         NOT NULL,
    source           text        NOT NULL,
    filter           text        NOT NULL,
    commit_position  bigint      NOT NULL,
    prepare_position bigint      NOT NULL,
    updated_at       timestamptz NOT NULL DEFAULT now(),
    events           bigint      NOT NULL DEFAULT 0,
    state            text        NOT NULL,
    error            text,
    PRIMARY KEY (name, version)
);

-- Facts about this installation, such as the id of the log it follows.
CREATE TABLE ops.settings (
    key   text  PRIMARY KEY,
    value jsonb NOT NULL
);

-- +goose Down
DROP TABLE ops.settings;
DROP TABLE ops.projector_checkpoint;
DROP TABLE ops.operation_items;
DROP TABLE ops.operations;
DROP TABLE ops.api_tokens;
DROP TABLE ops.idempotency_keys;
