-- +goose Up

-- Secrets of external accounts, sealed with the installation's key. Events of
-- the log name the one that is in force; settled says that one is known to.
CREATE TABLE ops.external_secrets (
    id         uuid        PRIMARY KEY,
    account    uuid        NOT NULL,
    sealed     bytea       NOT NULL,
    settled    boolean     NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX external_secrets_unsettled ON ops.external_secrets (created_at) WHERE NOT settled;

-- +goose Down
DROP TABLE ops.external_secrets;
