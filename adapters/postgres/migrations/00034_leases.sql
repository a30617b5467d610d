-- +goose Up

-- Which instance follows the log for what. The holder renews its lease; one that
-- has run out, or whose session has ended, is anybody's. All times are the
-- database's. Of use for moments only: a crash of the server may lose it.
CREATE UNLOGGED TABLE ops.leases (
    name          text        PRIMARY KEY,
    holder        uuid        NOT NULL,
    token         bigint      NOT NULL, -- counts the holders
    backend       int         NOT NULL, -- the session that renews it
    backend_start timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL
);

-- +goose Down
DROP TABLE ops.leases;
