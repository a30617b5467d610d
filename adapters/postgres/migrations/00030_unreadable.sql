-- +goose Up

-- Since when it is known that what was sealed for a person before cannot be read
-- any more: the key was lost, and the one that is there is a new one.
ALTER TABLE ops.person_keys ADD COLUMN unreadable_at timestamptz;

-- +goose Down
ALTER TABLE ops.person_keys DROP COLUMN unreadable_at;
