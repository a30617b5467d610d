-- +goose Up

-- Which rights the caller had where, when the kept answer was given: a repeat gets that
-- answer only while they are held. Null: kept by a version that did not note them.
ALTER TABLE ops.idempotency_keys ADD COLUMN rights jsonb;

-- +goose Down
ALTER TABLE ops.idempotency_keys DROP COLUMN rights;
