-- +goose Up

-- The last event that a follower applied. Where it is not in the log any more, the log
-- was set back, and the follower is of a future that is lost. NULL: no event was applied
-- yet, or by an earlier version only. It is the last one as long as event_count is the
-- number of events: an instance of an earlier version counts them and names none.
ALTER TABLE ops.projector_checkpoint
    ADD COLUMN event_id uuid,
    ADD COLUMN event_stream text,
    ADD COLUMN event_revision bigint,
    ADD COLUMN event_commit bigint,
    ADD COLUMN event_prepare bigint,
    ADD COLUMN event_count bigint;

-- Whose position an operation has; NULL: of the log's first epoch.
ALTER TABLE ops.operations ADD COLUMN epoch text;

-- +goose Down
ALTER TABLE ops.operations DROP COLUMN epoch;
ALTER TABLE ops.projector_checkpoint
    DROP COLUMN event_count,
    DROP COLUMN event_prepare,
    DROP COLUMN event_commit,
    DROP COLUMN event_revision,
    DROP COLUMN event_stream,
    DROP COLUMN event_id;
