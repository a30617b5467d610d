-- +goose Up

-- How far each credential has written, so that its next read waits for that, on
-- whichever instance. credential is a keyed hash. Of use for moments only: a
-- crash may lose it.
CREATE UNLOGGED TABLE ops.own_writes (
    credential bytea PRIMARY KEY,
    commit_position bigint NOT NULL,
    prepare_position bigint NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX own_writes_age ON ops.own_writes (written_at);

-- +goose Down
DROP TABLE ops.own_writes;
