-- +goose Up
-- Checkpoints of the transparency log that were given out. They are kept for good:
-- they bear witness of what the log was.
CREATE TABLE ops.checkpoints (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    size      bigint NOT NULL,
    note      text NOT NULL,
    signed_at timestamptz NOT NULL
);

-- +goose Down
DROP TABLE ops.checkpoints;
