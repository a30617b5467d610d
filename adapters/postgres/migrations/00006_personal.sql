-- +goose Up

-- The keys that personal data in events is sealed with, one per person. An
-- erased person has a row without a key, for good: no row means that the key is
-- lost. named_in are the streams whose events name the person.
CREATE TABLE ops.person_keys (
    person     uuid        PRIMARY KEY,
    key        bytea,      -- sealed with the installation's key
    named_in   text[]      NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    erased_at  timestamptz,
    CHECK ((key IS NULL) = (erased_at IS NOT NULL))
);

-- +goose Down
DROP TABLE ops.person_keys;
