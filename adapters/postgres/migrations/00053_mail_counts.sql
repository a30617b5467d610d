-- +goose Up

-- Mails that callers have caused of late: of an address or an account, which a keyed hash
-- names, and by which command or mail. They limit what one is sent, and are of use for an hour.
CREATE UNLOGGED TABLE ops.mail_counts (
    subject bytea       NOT NULL,
    id      uuid        NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (subject, id)
);
CREATE INDEX mail_counts_recent ON ops.mail_counts (subject, at DESC);
CREATE INDEX mail_counts_age ON ops.mail_counts (at);

-- +goose Down
DROP TABLE ops.mail_counts;
