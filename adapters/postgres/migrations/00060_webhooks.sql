-- +goose Up
-- Where accounts want to be told of events, and how far each was told. What it is told is
-- read from the feed when it is sent; secrets follow from the installation's.
CREATE TABLE ops.webhooks (
    id            uuid        PRIMARY KEY,
    account       uuid,                -- NULL: the operator's
    label         text        NOT NULL,
    address       text        NOT NULL,
    types         text[]      NOT NULL, -- none: all
    about         uuid,                -- an account; NULL: all
    secret        int         NOT NULL DEFAULT 1, -- number of the one in force
    former_until  timestamptz,         -- until when the one before signs, too
    rotated_by    uuid,                -- the command that made it; its repeat makes no other
    made_by       jsonb       NOT NULL,
    created_at    timestamptz NOT NULL,
    ended         text,                -- why it is disabled; NULL: it is not
    ended_at      timestamptz,
    last_event    uuid,                -- it goes on behind this one; NULL: it begins with the first
    moves         int         NOT NULL DEFAULT 0, -- how often it was sent elsewhere
    attempts      int         NOT NULL DEFAULT 0, -- of the event that is next
    failing_since timestamptz,
    claimed_until timestamptz          -- somebody is at work on it
);
CREATE INDEX webhooks_account ON ops.webhooks (account);

CREATE TABLE ops.webhook_deliveries (
    n       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook uuid        NOT NULL REFERENCES ops.webhooks ON DELETE CASCADE,
    message uuid        NOT NULL, -- the event's id, a test's own
    type    text        NOT NULL,
    attempt int         NOT NULL,
    at      timestamptz NOT NULL DEFAULT now(),
    took_ms int         NOT NULL,
    status  int         NOT NULL, -- 0: there was no answer
    failure text        NOT NULL, -- a code; empty: it was delivered
    reason  text        NOT NULL,
    answer  text        NOT NULL
);
CREATE INDEX webhook_deliveries_webhook ON ops.webhook_deliveries (webhook, n);
CREATE INDEX webhook_deliveries_at ON ops.webhook_deliveries (at);

-- +goose Down
DROP TABLE ops.webhook_deliveries;
DROP TABLE ops.webhooks;
