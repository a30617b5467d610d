package account

import (
	"errors"
	"net/mail"
	"strings"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/text"
)

// Longest accepted, in characters.
const (
	maxName  = 100
	maxEmail = 254
)

// NormaliseName gives an account's name as it is shown, and the key under
// which it is unique on the platform.
func NormaliseName(s string) (display, key string, problems []domain.Problem) {
	display, key, err := text.Name(s, maxName)
	if err != nil {
		return "", "", []domain.Problem{{Code: CodeNameInvalid, Detail: "The name " + err.Error() + "."}}
	}
	return display, key, nil
}

// NormaliseEmail gives an e-mail address as mail is sent to it, and the key
// under which it is unique on the platform: in any case of letters. A name
// beside the address, comments and quoted parts are refused.
func NormaliseEmail(s string) (display, key string, problems []domain.Problem) {
	display, key, err := text.Name(s, maxEmail)
	if err == nil {
		var parsed *mail.Address
		parsed, err = mail.ParseAddress(display)
		if err == nil && (parsed.Address != display || strings.ContainsAny(display, " \"")) {
			err = errNotPlain
		}
	}
	if err != nil {
		return "", "", []domain.Problem{{Code: CodeEmailInvalid, Detail: "This is not an e-mail address."}}
	}
	return display, key, nil
}

var errNotPlain = errors.New("more than an address")
