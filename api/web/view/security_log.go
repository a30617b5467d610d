package view

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// SecurityLog is a page of the security log.
type SecurityLog struct {
	Frame    Frame
	List     openapi.SecurityLog
	Accounts map[uuid.UUID]string // names of those in it
	Users    map[uuid.UUID]string // addresses of users, where they are known
	Sort     string
	From     int
}

// SecurityAccounts are the accounts that a page of the log names, each once.
func SecurityAccounts(l openapi.SecurityLog) []uuid.UUID {
	seen := map[uuid.UUID]bool{}
	var all []uuid.UUID
	for _, e := range l.Items {
		if e.Account != nil && !seen[*e.Account] {
			seen[*e.Account] = true
			all = append(all, *e.Account)
		}
	}
	return all
}

// securityKinds are the kinds of entries, for people.
var securityKinds = []struct {
	kind openapi.SecurityKind
	name string
}{
	{"signed_in", "Signed in"}, {"sign_in_failed", "Sign-in failed"}, {"locked_out", "Locked out"}, {"refused", "Refused"},
	{"operator_token_used", "Operator token used"}, {"token_made", "Token made"}, {"token_ended", "Token ended"}, {"sessions_ended", "Sessions ended"},
	{"password_changed", "Password changed"}, {"password_reset_requested", "New password asked for"}, {"password_reset", "Password reset"},
	{"second_factor_added", "Second factor added"}, {"second_factor_removed", "Second factor removed"}, {"second_factors_reset", "Second factors reset"},
	{"recovery_codes_made", "Recovery codes made"}, {"recovery_code_used", "Recovery code used"},
	{"security_options_changed", "Security options changed"}, {"user_changed", "User changed"}, {"rights_given", "Rights changed"},
	{"too_many_told", "Not told apart"},
}

func securityKind(kind openapi.SecurityKind) string {
	for _, k := range securityKinds {
		if k.kind == kind {
			return k.name
		}
	}
	return string(kind)
}

// by is who did it, where that is not whom it is about.
func (p SecurityLog) by(e openapi.SecurityEntry) string {
	if e.Actor.Kind == "" || e.User != nil && e.Actor.Id == e.User.String() {
		return ""
	}
	if uid, err := uuid.Parse(e.Actor.Id); err == nil && p.Users[uid] != "" {
		return "by " + p.Users[uid]
	}
	return "by " + e.Actor.Kind
}
