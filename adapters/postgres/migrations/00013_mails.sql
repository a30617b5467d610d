-- +goose Up

-- Mails on their way to a mail server. To whom, about what and the text are
-- sealed with the installation's key, bound to the id, and go once the mail is
-- sent or given up; the row stays, so that the same mail is not sent again.
CREATE TABLE ops.mails (
    id          uuid        PRIMARY KEY,
    state       text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'failed')),
    sealed      bytea,
    attempts    int         NOT NULL DEFAULT 0,
    last_error  text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CHECK ((state = 'waiting') = (sealed IS NOT NULL)),
    CHECK ((state = 'waiting') = (finished_at IS NULL))
);
CREATE INDEX mails_unsent ON ops.mails (created_at) WHERE state <> 'sent';

-- +goose Down
DROP TABLE ops.mails;
