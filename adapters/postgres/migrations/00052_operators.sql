-- +goose Up

-- Tokens of operators, beside the one that instances are configured with. Only a hash is
-- kept; credential is named by sessions that rest on the token. One that has ended stays:
-- it may be the configured one, which another has followed.
CREATE TABLE ops.operator_tokens (
    credential uuid        PRIMARY KEY,
    token_hash bytea       NOT NULL UNIQUE,
    name       text        NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz -- null: never
);
CREATE INDEX operator_tokens_name ON ops.operator_tokens (name);

-- +goose Down
DROP TABLE ops.operator_tokens;
