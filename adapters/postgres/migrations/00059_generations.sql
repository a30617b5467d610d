-- +goose Up
-- The generations of read models beside the live ones: the one that a rebuild fills,
-- from where it goes on when it was interrupted, and the former one, to go back to.
CREATE TABLE ops.generations (
    name             text        NOT NULL,
    version          int         NOT NULL,
    generation       text        NOT NULL CHECK (generation IN ('next', 'old')),
    made             text        NOT NULL, -- a hash of what its tables were made of
    indexed          boolean     NOT NULL,
    source           text        NOT NULL,
    filter           text        NOT NULL,
    commit_position  bigint      NOT NULL,
    prepare_position bigint      NOT NULL,
    events           bigint      NOT NULL,
    event_id         uuid,
    event_stream     text,
    event_revision   bigint,
    event_commit     bigint,
    event_prepare    bigint,
    updated_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (name, version, generation)
);

-- What went wrong last, also when all is well again.
ALTER TABLE ops.projector_checkpoint
    ADD COLUMN last_error text,
    ADD COLUMN last_error_at timestamptz;

-- +goose Down
ALTER TABLE ops.projector_checkpoint DROP COLUMN last_error, DROP COLUMN last_error_at;
DROP TABLE ops.generations;
