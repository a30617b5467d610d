-- +goose Up

-- Keys of the installation that another one follows or has followed, by a name that
-- does not tell the key. sealed is the former key, sealed with the one in force: what
-- was sealed with it by an instance that did not know better can still be opened. next
-- is the one that follows, sealed with the former, for instances that were started with
-- that; it goes when the rotation is finished: the former key alone opens nothing then.
CREATE TABLE ops.installation_keys (
    id           text        PRIMARY KEY,
    sealed       bytea       NOT NULL,
    next         bytea,
    announced_at timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    CHECK ((next IS NULL) = (finished_at IS NOT NULL))
);

-- +goose Down
DROP TABLE ops.installation_keys;
