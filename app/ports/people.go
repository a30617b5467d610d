package ports

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/rights"
)

// Passwords hashes passwords. Both are slow on purpose.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	// Matches reports whether the password is that of the hash. For an empty
	// hash it takes as long as for any other, and it never matches.
	Matches(ctx context.Context, password, hash string) (bool, error)
}

// ResetQueue has the App's AnswerResetRequest called soon, and again when that
// failed. Reservation is that of the e-mail address, which tells of no address.
type ResetQueue interface {
	QueuePasswordReset(ctx context.Context, reservation string, command uuid.UUID, traceparent string) error
}

// Session is a person's signing in, until it ends. It lasts no longer than the
// credential that was in force when it began, however the person signed in.
type Session struct {
	ID         uuid.UUID
	User       uuid.UUID
	Account    uuid.UUID
	Credential uuid.UUID
	Factor     uuid.UUID // the second factor, or set of recovery codes, that was given; uuid.Nil: none
	AtIssuer   bool      // the person signed in at the issuer, not by password
	CreatedAt  time.Time
	SignedInAt time.Time // the last time that the user has proved to be there
	UsedAt     time.Time // the last time, to the minute
	Address    string    // that it was used from then; empty: not known
	Client     string    // that it was used with then; empty: not known
	ExpiresAt  time.Time // at the latest
}

// Use is the use of a session or token, from an address with a client.
type Use struct {
	At              time.Time
	Address, Client string
}

// PersonalToken is an API token that a user made, with a part of the user's
// rights: those of a profile, or those listed. It lasts no longer than the credential
// that was in force when it was made; uuid.Nil: that is not known.
type PersonalToken struct {
	ID         uuid.UUID
	User       uuid.UUID
	Account    uuid.UUID
	Credential uuid.UUID
	Label      string
	Profile    string
	Rights     rights.Set
	CreatedAt  time.Time
	ExpiresAt  time.Time
	UsedAt     time.Time // the last time, to the minute; zero: never
	Address    string    // that it was used from then
	Client     string    // that it was used with then
}

// AccountToken is an API token of an account itself, which no user stands behind.
// It ends with its account.
type AccountToken struct {
	ID      uuid.UUID
	Hash    []byte // of the secret, which is never kept
	Account uuid.UUID
	// Administrator tokens have every right in the account and need no Profile.
	Administrator bool
	Profile       string
	Label         string
	CreatedAt     time.Time
	ExpiresAt     time.Time // zero: never
	RevokedAt     time.Time // zero: it was not
}

// Usable reports whether the token may be used now.
func (t AccountToken) Usable(now time.Time) bool {
	return t.RevokedAt.IsZero() && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt))
}

// Operators knows the operators who have a name of their own.
type Operators interface {
	// Removed reports whether an operator of the name was there, and is not any more.
	Removed(ctx context.Context, name string, now time.Time) (bool, error)
}

// AccountTokens keeps the tokens of accounts. A store that does not answer is
// query.ErrUnavailable.
type AccountTokens interface {
	// List has those of an account, or for uuid.Nil of all, that were not revoked,
	// newest first. Their hashes are left out.
	List(ctx context.Context, account uuid.UUID) ([]AccountToken, error)
	// Revoke makes a token useless; ErrNotFound for one that is revoked already, or
	// is not the account's, unless that is uuid.Nil.
	Revoke(ctx context.Context, account, id uuid.UUID, at time.Time) error
	// RevokeAll makes useless those of an account that were made up to an instant.
	RevokeAll(ctx context.Context, account uuid.UUID, upTo time.Time) error
}

// Calendar is a feed of renewals that a user has made. Whoever knows its address
// reads it. It lasts no longer than the credential that was in force when it was made;
// uuid.Nil: that is not known.
type Calendar struct {
	ID         uuid.UUID
	User       uuid.UUID
	Credential uuid.UUID
	Account    uuid.UUID // whose devices it shows; uuid.Nil: of all that the user reads
	Label      string
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	LastReadAt time.Time // not to the minute; zero: never
}

// Credential names the hash of a user's password.
type Credential struct{ ID, User uuid.UUID }

// View is a filter of a page's list that a user has saved.
type View struct {
	User, ID uuid.UUID
	Page     string
	Name     string
	Query    string // parameters of the list, as in an address
	SavedAt  time.Time
}

// UsersToken is a token that a user has made: a personal one, or that of a calendar.
type UsersToken struct {
	ID, User uuid.UUID
	Calendar bool
	Label    string
	Hash     []byte // of the secret
}

// PeopleStore keeps what signing in needs. Secrets come hashed. What is not
// there is ErrNotFound; a store that does not answer, query.ErrUnavailable.
type PeopleStore interface {
	// PutCredential keeps a password's hash; one that is there already stays.
	PutCredential(ctx context.Context, id, user uuid.UUID, hash string, at time.Time) error
	// Credential is the hash, empty when there is none.
	Credential(ctx context.Context, id uuid.UUID) (string, error)
	// DropCredential drops a hash and the sessions that began with it.
	DropCredential(ctx context.Context, id uuid.UUID) error
	// KeepCredential keeps one of a user's credentials and drops all others.
	KeepCredential(ctx context.Context, user, id uuid.UUID) error

	// SpareCredentials are those kept before an instant of users who have several,
	// by id, after one.
	SpareCredentials(ctx context.Context, before time.Time, after uuid.UUID, limit int) ([]Credential, error)

	// UserOfIdentity is the user that an identity at an issuer belongs to,
	// uuid.Nil when it is nobody's.
	UserOfIdentity(ctx context.Context, issuer string, subject []byte) (uuid.UUID, error)
	// BindIdentity makes an identity a user's and gives the user it belongs to
	// then: another one when it was bound already, uuid.Nil when the user has
	// another identity at that issuer.
	BindIdentity(ctx context.Context, issuer string, subject []byte, user uuid.UUID, at time.Time) (uuid.UUID, error)
	// DropIdentities makes a user's identities nobody's.
	DropIdentities(ctx context.Context, user uuid.UUID) error
	// Forget drops everything that is kept of a user.
	Forget(ctx context.Context, user uuid.UUID) error

	// CountAttempt counts an attempt of a subject and says how often there was
	// one in this window, and when it ends. All instances count together.
	CountAttempt(ctx context.Context, subject []byte, now time.Time, window time.Duration) (count int, ends time.Time, err error)
	// ForgetAttempts begins a subject's count anew; ForgiveAttempt takes one back.
	ForgetAttempts(ctx context.Context, subject []byte) error
	ForgiveAttempt(ctx context.Context, subject []byte) error
	// RememberSignIn notes when a user has signed in as a subject, which is an e-mail
	// address at a network address; HasSignedIn reports whether somebody did since.
	// SignIns are a user's subjects.
	RememberSignIn(ctx context.Context, subject []byte, user uuid.UUID, at time.Time) error
	HasSignedIn(ctx context.Context, subject []byte, since time.Time) (bool, error)
	SignIns(ctx context.Context, user uuid.UUID) ([][]byte, error)

	// SaveView keeps a view in place of the one with its id. It reports false, and keeps
	// nothing, where the user has so many others on the page.
	SaveView(ctx context.Context, v View, most int) (saved bool, err error)
	// Views are a user's, by page and name.
	Views(ctx context.Context, user uuid.UUID) ([]View, error)
	RemoveView(ctx context.Context, user, id uuid.UUID) error

	// CreateSession keeps a session and notes the account's last login.
	CreateSession(ctx context.Context, s Session, tokenHash []byte) error
	SessionByHash(ctx context.Context, tokenHash []byte) (Session, error)
	// Sessions are those of a user that last beyond an instant, newest first.
	Sessions(ctx context.Context, user uuid.UUID, at time.Time) ([]Session, error)
	// UseSession notes that a session was used, UseToken that a token was. Where others
	// note it at the same moment, theirs will do.
	UseSession(ctx context.Context, session uuid.UUID, use Use) error
	UseToken(ctx context.Context, token uuid.UUID, use Use) error
	// RenewSession notes that the user of a session has signed in afresh.
	RenewSession(ctx context.Context, session uuid.UUID, at time.Time) error
	// CarryOver lets a session go on with another credential.
	CarryOver(ctx context.Context, session, credential uuid.UUID) error
	// ProveSession lets a session rest on another second factor; uuid.Nil: on none.
	ProveSession(ctx context.Context, session, factor uuid.UUID) error
	EndSession(ctx context.Context, user, id uuid.UUID) error
	// EndSessions ends those of a user that began before an instant, at any time where
	// that is zero, but for one; uuid.Nil: for none.
	EndSessions(ctx context.Context, user uuid.UUID, before time.Time, but uuid.UUID) error

	// CreateToken keeps a token; one of the same id that is there already stays,
	// and is given back.
	CreateToken(ctx context.Context, t PersonalToken, tokenHash []byte) (PersonalToken, error)
	TokenByHash(ctx context.Context, tokenHash []byte) (PersonalToken, error)
	// Tokens are those of a user that are not revoked, newest first.
	Tokens(ctx context.Context, user uuid.UUID) ([]PersonalToken, error)
	RevokeToken(ctx context.Context, user, id uuid.UUID) error
	// RevokeTokens revokes those of a user that were made before an instant, at any time
	// where that is zero, but for those that rest on a credential; uuid.Nil: for none. It
	// gives those that it ended.
	RevokeTokens(ctx context.Context, user uuid.UUID, before time.Time, but uuid.UUID) ([]uuid.UUID, error)
	// EachToken gives all tokens and calendars that were not revoked and have not run
	// out, by user, each in the order they were made. EndTokens revokes some, all at once.
	EachToken(ctx context.Context, now time.Time, each func(UsersToken)) error
	EndTokens(ctx context.Context, ids []uuid.UUID, at time.Time) error

	// CreateCalendar keeps a calendar; one of the same id that is there already stays,
	// and is given back. It reports false, and keeps nothing, where the user has so
	// many others.
	CreateCalendar(ctx context.Context, c Calendar, tokenHash []byte, most int) (kept Calendar, created bool, err error)
	CalendarByHash(ctx context.Context, tokenHash []byte) (Calendar, error)
	// Calendars are those of a user that are not revoked, newest first.
	Calendars(ctx context.Context, user uuid.UUID) ([]Calendar, error)
	// ReadCalendar notes that a calendar was read.
	ReadCalendar(ctx context.Context, id uuid.UUID, at time.Time) error
	RevokeCalendar(ctx context.Context, user, id uuid.UUID, at time.Time) error
	// RevokeCalendars is RevokeTokens for calendars.
	RevokeCalendars(ctx context.Context, user uuid.UUID, before time.Time, but uuid.UUID, at time.Time) ([]uuid.UUID, error)
}
