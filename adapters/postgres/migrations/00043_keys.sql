-- +goose Up

-- Random keys of the installation by name, such as the one that tokens are made with,
-- each sealed with the installation's key: a copy of the database alone makes no token.
CREATE TABLE ops.keys (
    name       text        PRIMARY KEY,
    sealed     bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- +goose Down
DROP TABLE ops.keys;
