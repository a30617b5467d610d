package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// Prefixes tell the kinds of bearer tokens apart.
const (
	AuditPrefix           = "flau_" // of an audit grant
	SessionPrefix         = "fles_" // of a session
	OperatorSessionPrefix = "flos_" // of a session of the operator
	AuditorSessionPrefix  = "flas_" // of a session of an auditor
	PersonalPrefix        = "flpt_" // a personal API token
	CalendarPrefix        = "flca_" // of a calendar feed; it stands in an address
)

// InvitationLifetime is how long an invitation can be used.
const InvitationLifetime = 7 * 24 * time.Hour

// Tokens makes the secrets that mails and answers carry. Each follows from what
// it is for and the installation's secret: whoever sends a mail can make its
// token from the event, a repeated command gives the same token again, and
// nothing secret is in the log.
//
// A token of another secret is none, though its hash may have been kept: once there
// is a new secret, nothing that was made with the one before is of use.
type Tokens struct{ secret, pseudonyms []byte }

// NewTokens makes tokens with the installation's secret, and pseudonyms with a key of
// their own, which outlives the secret. Both are the same on all instances.
func NewTokens(secret, pseudonyms []byte) Tokens { return Tokens{secret, pseudonyms} }

// Purposes of tokens with a number.
const (
	invitation     = "invitation"
	userInvitation = "user invitation"
	passwordReset  = "password reset"
	unsubscription = "unsubscription"
	emailChange    = "email change"
	auditGrant     = "audit grant"
)

// Invitation invites to activate an account; number is that of the invitation.
func (t Tokens) Invitation(account uuid.UUID, number int) string {
	return t.numbered(invitation, account, number)
}

// UserInvitation invites a user into an account.
func (t Tokens) UserInvitation(user uuid.UUID, number int) string {
	return t.numbered(userInvitation, user, number)
}

// PasswordReset lets a user choose a new password.
func (t Tokens) PasswordReset(user uuid.UUID, number int) string {
	return t.numbered(passwordReset, user, number)
}

// Unsubscription ends the notices of a user.
func (t Tokens) Unsubscription(user uuid.UUID) string {
	return t.numbered(unsubscription, user, 1)
}

// EmailChange confirms another e-mail address of a user.
func (t Tokens) EmailChange(user uuid.UUID, number int) string {
	return t.numbered(emailChange, user, number)
}

// AuditGrant is the bearer token of an audit grant.
func (t Tokens) AuditGrant(grant uuid.UUID) string {
	return AuditPrefix + t.numbered(auditGrant, grant, 1)
}

// Personal is the bearer token of a personal API token.
func (t Tokens) Personal(id uuid.UUID) string {
	return PersonalPrefix + base64.RawURLEncoding.EncodeToString(t.Code("personal token\x00"+id.String()))
}

// Calendar is the token in the address of a calendar feed.
func (t Tokens) Calendar(id uuid.UUID) string {
	return CalendarPrefix + base64.RawURLEncoding.EncodeToString(t.Code("calendar\x00"+id.String()))
}

// Webhook is the key that the messages of a webhook are signed with; number is that of
// its secret.
func (t Tokens) Webhook(id uuid.UUID, number int) []byte {
	return t.Code("webhook\x00" + id.String() + "\x00" + strconv.Itoa(number))
}

// numberedSize is that of a numbered token in bytes: uid, number and code.
const numberedSize = 16 + 4 + sha256.Size

func (t Tokens) numbered(purpose string, uid uuid.UUID, number int) string {
	plain := binary.BigEndian.AppendUint32(uid[:], uint32(number))
	return base64.RawURLEncoding.EncodeToString(append(plain, t.Code(purpose, plain)...))
}

// Named is the uid in a token with a number that was made with the secret of now,
// for whatever purpose; false for anything else. What it is good for only its hash
// tells.
func (t Tokens) Named(token string) (uuid.UUID, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != numberedSize {
		return uuid.Nil, false
	}
	plain, code := raw[:numberedSize-sha256.Size], raw[numberedSize-sha256.Size:]
	for _, purpose := range []string{invitation, userInvitation, passwordReset, unsubscription, emailChange, auditGrant} {
		if hmac.Equal(code, t.Code(purpose, plain)) {
			return uuid.UUID(raw[:16]), true
		}
	}
	return uuid.Nil, false
}

// IsPersonal reports whether a token is the personal one of an id.
func (t Tokens) IsPersonal(id uuid.UUID, token string) bool { return Fits(Hash(t.Personal(id)), token) }

// IsCalendar reports whether a token is that of a calendar.
func (t Tokens) IsCalendar(id uuid.UUID, token string) bool { return Fits(Hash(t.Calendar(id)), token) }

// Code is a message authentication code that only this installation makes.
func (t Tokens) Code(purpose string, parts ...[]byte) []byte { return code(t.secret, purpose, parts) }

// Pseudonym names somebody or something for good, without saying it.
func (t Tokens) Pseudonym(kind, value string) []byte {
	return code(t.pseudonyms, kind+"\x00"+value, nil)
}

// SecretName names the secret, without saying it.
func (t Tokens) SecretName() string { return hex.EncodeToString(t.Code("name of the secret")[:6]) }

func code(key []byte, purpose string, parts [][]byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(purpose))
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}

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
