package keyring

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/adapters/postgres"
)

// plainSecret is where versions before kept the key of tokens in ops.settings, as it
// is.
const plainSecret = "secret-invitations"

// The names of the keys of tokens.
const (
	tokens     = "tokens"
	pseudonyms = "pseudonyms"
)

// TokenKeys gives the key that tokens are made with and the one of pseudonyms. Both
// were one in versions before, which kept it as it is: whoever had a copy of the
// database made tokens. So tokens have a new one, and what was made with the one
// before is of no use. Pseudonyms only name who is who, by counts of attempts and
// identities at an issuer: they go on with it, sealed.
//
// An instance of a version before that starts beside this one makes such a secret
// anew; see ForgetPlain.
func (r *Ring) TokenKeys(ctx context.Context) (token, pseudonym []byte, err error) {
	if token, err = r.Key(ctx, tokens); err != nil {
		return nil, nil, err
	}
	var plain []byte
	err = r.pool.QueryRow(ctx, `SELECT decode(value #>> '{}', 'base64') FROM ops.settings WHERE key = $1`, plainSecret).Scan(&plain)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		pseudonym, err = r.Key(ctx, pseudonyms)
	case err != nil:
		err = postgres.Failure("read the secret of a version before", err)
	default:
		pseudonym, err = r.Adopt(ctx, pseudonyms, plain)
	}
	return token, pseudonym, err
}

// ForgetPlain drops the secret that a version before has kept as it is, and tells
// whether there was one. It comes after TokenKeys: killed between, the next start does
// it.
func (r *Ring) ForgetPlain(ctx context.Context) (had bool, err error) {
	tag, err := r.pool.Exec(ctx, `DELETE FROM ops.settings WHERE key = $1`, plainSecret)
	return tag.RowsAffected() > 0, postgres.Failure("forget the secret of a version before", err)
}
