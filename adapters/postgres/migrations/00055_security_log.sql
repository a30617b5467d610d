-- +goose Up

-- Who has signed in, was refused, made a token or changed what protects an account. It
-- names people by their ids only. What happens again within a minute is counted.
CREATE TABLE ops.security_log (
    id         uuid        PRIMARY KEY, -- that of the event, where there is one
    kind       text        NOT NULL,
    at         timestamptz NOT NULL,
    last_at    timestamptz NOT NULL,
    times      bigint      NOT NULL,
    account    uuid, -- null: the operator's affair
    actor_kind text        NOT NULL,
    actor      text        NOT NULL,
    user_uid   uuid, -- null: nobody, or nobody known
    address    inet, -- null: not known, or forgotten with the user
    why        text        NOT NULL
);
CREATE INDEX security_log_at ON ops.security_log (at, id);
CREATE INDEX security_log_account ON ops.security_log (account, at, id);
CREATE INDEX security_log_user ON ops.security_log (user_uid, at, id) WHERE user_uid IS NOT NULL;

-- +goose Down
DROP TABLE ops.security_log;
