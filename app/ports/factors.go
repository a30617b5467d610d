package ports

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
)

// Errors of the ports of second factors.
var (
	// ErrFactorWrong: what was sent does not prove the factor.
	ErrFactorWrong = errors.New("this does not prove the second factor")
	// ErrPasskeyTaken: a passkey is registered already, whoever has it.
	ErrPasskeyTaken = errors.New("the passkey is registered already")
)

// Factor is the secret of a second factor, or of a set of recovery codes. The log names
// the one that is in force.
type Factor struct {
	ID, User uuid.UUID
	Kind     string
	Secret   []byte // in the form of its kind
	Unique   []byte // of which nobody else may have the same; nil: anything
	// Count is the time step of the last one-time code, or how often a passkey has
	// signed. It only grows.
	Count     int64
	CreatedAt time.Time
	UsedAt    time.Time // zero: never
	Settled   bool      // the log is known to name it, or to have named it
}

// Challenge is something begun that a second step is to finish, until Expires: a
// sign-in whose factor is asked for, or a factor being set up. User is uuid.Nil where
// a passkey tells who it is.
type Challenge struct {
	User       uuid.UUID       `json:"user"`
	Credential uuid.UUID       `json:"credential,omitzero"` // that was in force
	AtIssuer   bool            `json:"atIssuer,omitempty"`
	Session    uuid.UUID       `json:"session,omitzero"` // whose user signs in afresh; uuid.Nil: one is to begin
	Alone      bool            `json:"alone,omitempty"`  // a passkey and nothing else answers it
	Factor     uuid.UUID       `json:"factor,omitzero"`  // being set up
	Kind       string          `json:"kind,omitempty"`   // of it
	Name       string          `json:"name,omitempty"`   // of it
	Secret     []byte          `json:"secret,omitempty"`
	Options    json.RawMessage `json:"options,omitempty"` // what the browser is asked of a passkey
	Passkey    json.RawMessage `json:"passkey,omitempty"` // what its answer is held against
	Expires    time.Time       `json:"expires"`
}

// Factors keeps the secrets of second factors, sealed and outside the log, and what is
// begun with them. A store that does not answer is query.ErrUnavailable.
//
// A secret is kept first; then an event names it, and then it is settled. What no event
// names opens nothing, and is found by its age.
type Factors interface {
	// Put keeps a factor; one that is there already stays. One that has the same Unique
	// as another is ErrPasskeyTaken.
	Put(ctx context.Context, f Factor) error
	// Held are the settled ones of some users, by age, without their secrets.
	Held(ctx context.Context, users []uuid.UUID) ([]Factor, error)
	// Of are a user's, in the order in which they were made.
	Of(ctx context.Context, user uuid.UUID) ([]Factor, error)
	// Use notes that a factor was used, and reports whether it had not been used with
	// this count, or a later one, before; counts of zero count nothing.
	Use(ctx context.Context, id uuid.UUID, count int64, at time.Time) (bool, error)
	Settle(ctx context.Context, id uuid.UUID) error
	Drop(ctx context.Context, id uuid.UUID) error
	// Unsettled are some of those that were made before an instant, by id, after one.
	Unsettled(ctx context.Context, before time.Time, after uuid.UUID, limit int) ([]Factor, error)

	// Begin keeps a challenge under the hash of its secret. One that is there and has not
	// expired stays, and is given back.
	Begin(ctx context.Context, hash []byte, c Challenge, now time.Time) (Challenge, error)
	// Try gives a challenge for one more attempt, query.ErrNotFound when there is none,
	// when it has expired or was tried so often.
	Try(ctx context.Context, hash []byte, now time.Time, most int) (Challenge, error)
	// Finish ends a challenge, and reports whether it was there: of many at once one
	// finishes it.
	Finish(ctx context.Context, hash []byte) (bool, error)
}

// Passkeys asks browsers for passkeys and checks what they answer (WebAuthn). Options
// and answers are in the JSON form of the browser's API.
type Passkeys interface {
	// Register asks for a new passkey of a person, who has those of before already. kept
	// is what the answer is held against.
	Register(user uuid.UUID, name, displayName string, before []Factor) (options, kept json.RawMessage, err error)
	// Registered gives the secret and what is unique of a passkey, else ErrFactorWrong.
	Registered(user uuid.UUID, kept, answer json.RawMessage) (NewPasskey, error)
	// Ask asks for one of a user's passkeys; without any for one of anybody's, with which
	// the person also proves to be the one it is for, on the device.
	Ask(user uuid.UUID, of []Factor) (options, kept json.RawMessage, err error)
	// WhoseIs is the user whom an answer says that its passkey belongs to; uuid.Nil: it
	// does not say.
	WhoseIs(answer json.RawMessage) uuid.UUID
	// Answered gives the factor that an answer proves, and its count then, else
	// ErrFactorWrong: so also where the count has not grown, for then there may be a copy.
	// of are the user's passkeys.
	Answered(user uuid.UUID, of []Factor, kept, answer json.RawMessage) (factor uuid.UUID, count int64, err error)
}

// NewPasskey is a passkey that was made.
type NewPasskey struct {
	Secret, Unique []byte
	Count          int64
}

// OneTimeCodes are the codes of an authenticator app (TOTP). Its clock is that of
// people's phones, whatever the time of the service is.
type OneTimeCodes interface {
	// New is a new secret.
	New() ([]byte, error)
	// Show gives the secret as text and as the address that an app reads from a picture.
	Show(secret []byte, accountName string) (text, uri string)
	// Step is the time step of a code, one off at most; false when it is none of now.
	Step(secret []byte, code string) (int64, bool)
}
