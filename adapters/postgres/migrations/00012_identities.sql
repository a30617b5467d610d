-- +goose Up

-- Whose an identity at an OpenID Connect issuer is. A user has one there, and
-- it is never another user's. Of the issuer's name for the person only a keyed
-- hash is kept.
CREATE TABLE ops.identities (
    issuer     text        NOT NULL,
    subject    bytea       NOT NULL,
    user_uid   uuid        NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject),
    UNIQUE (user_uid, issuer)
);

-- +goose Down
DROP TABLE ops.identities;
