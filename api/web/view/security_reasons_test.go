package view

import (
	"testing"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// No code is shown without words, whatever is new.
func TestSecurityReasonsInWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind openapi.SecurityKind
		why  string
		want string
	}{
		{"signed_in", "second_step", "with a second factor"},
		{"user_changed", "UserInvited", "invited"},
		{"password_changed", "PasswordChanged", ""},
		{"refused", "devices.transfer", "needs devices.transfer"},
		{"refused", "address_not_admitted", "address not admitted"},
		{"token_made", "personal 0199", "personal API token 0199"},
		{"sessions_ended", "all but one's own", "all but one's own"},
	} {
		if got := securityReason(openapi.SecurityEntry{Kind: c.kind, Why: c.why}); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.kind, c.why, got, c.want)
		}
	}
}
