-- +goose Up

-- Filters of lists that users have saved for themselves: what a page shows as tabs.
CREATE TABLE ops.views (
    user_uid uuid        NOT NULL,
    id       uuid        NOT NULL,
    page     text        NOT NULL,
    name     text        NOT NULL,
    query    text        NOT NULL,
    saved_at timestamptz NOT NULL,
    PRIMARY KEY (user_uid, id)
);

-- +goose Down
DROP TABLE ops.views;
