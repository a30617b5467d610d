package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// Prefixes tell the kinds of bearer tokens apart.
const (
	AuditPrefix           = "flau_" // of an audit grant
	SessionPrefix         = "fles_" // of a session
	OperatorSessionPrefix = "flos_" // of a session of the operator
	PersonalPrefix        = "flpt_" // a personal API token
)

// InvitationLifetime is how long an invitation can be used.
const InvitationLifetime = 7 * 24 * time.Hour

// Tokens makes the secrets that mails and answers carry. Each follows from what
// it is for and the installation's secret: whoever sends a mail can make its
// token from the event, a repeated command gives the same token again, and
// nothing secret is in the log.
type Tokens struct{ secret []byte }

// NewTokens makes tokens with the installation's secret, the same on all
// instances.
func NewTokens(secret []byte) Tokens { return Tokens{secret} }

// Invitation invites to activate an account; number is that of the invitation.
func (t Tokens) Invitation(account uuid.UUID, number int) string {
	return t.numbered("invitation", account, number)
}

// UserInvitation invites a user into an account.
func (t Tokens) UserInvitation(user uuid.UUID, number int) string {
	return t.numbered("user invitation", user, number)
}

// PasswordReset lets a user choose a new password.
func (t Tokens) PasswordReset(user uuid.UUID, number int) string {
	return t.numbered("password reset", user, number)
}

// Unsubscription ends the notices of a user.
func (t Tokens) Unsubscription(user uuid.UUID) string {
	return t.numbered("unsubscription", user, 1)
}

// EmailChange confirms another e-mail address of a user.
func (t Tokens) EmailChange(user uuid.UUID, number int) string {
	return t.numbered("email change", user, number)
}

// AuditGrant is the bearer token of an audit grant.
func (t Tokens) AuditGrant(grant uuid.UUID) string {
	return AuditPrefix + t.numbered("audit grant", grant, 1)
}

// Personal is the bearer token of a personal API token.
func (t Tokens) Personal(id uuid.UUID) string {
	return PersonalPrefix + base64.RawURLEncoding.EncodeToString(t.Code("personal token\x00"+id.String()))
}

// numberedSize is that of a numbered token in bytes: uid, number and code.
const numberedSize = 16 + 4 + sha256.Size

func (t Tokens) numbered(purpose string, uid uuid.UUID, number int) string {
	plain := binary.BigEndian.AppendUint32(uid[:], uint32(number))
	return base64.RawURLEncoding.EncodeToString(append(plain, t.Code(purpose, plain)...))
}

// Named is the uid in a token that a method of Tokens with a number has made; false
// for anything else. Whether the token is a good one only its hash tells.
func Named(token string) (uuid.UUID, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != numberedSize {
		return uuid.Nil, false
	}
	return uuid.UUID(raw[:16]), true
}

// Code is a message authentication code that only this installation makes.
func (t Tokens) Code(purpose string, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, t.secret)
	mac.Write([]byte(purpose))
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}

// Pseudonym names somebody or something for good, without saying it.
func (t Tokens) Pseudonym(kind, value string) []byte { return t.Code(kind + "\x00" + value) }

// Hash is what is kept of a token.
func Hash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// Fits reports whether a token is the one that a hash was kept of.
func Fits(hash []byte, token string) bool {
	return len(hash) > 0 && subtle.ConstantTimeCompare(hash, Hash(token)) == 1
}

// Random is 32 random bytes in URL-safe base64.
func Random() string {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails, by its documentation
	return base64.RawURLEncoding.EncodeToString(secret)
}
