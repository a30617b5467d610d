-- +goose Up

-- The version that a program has to know at least to run on these tables. A migration
-- that a program of the version before cannot bear raises it; any other leaves it, so
-- that instances are replaced one after the other, and taken back.
CREATE TABLE ops.compatibility (oldest bigint NOT NULL);
INSERT INTO ops.compatibility VALUES (38);

-- +goose Down
DROP TABLE ops.compatibility;
