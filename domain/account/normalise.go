package account

import (
	"net/mail"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

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
// under which it is unique on the platform: in any case of letters.
func NormaliseEmail(s string) (display, key string, problems []domain.Problem) {
	display = norm.NFC.String(strings.TrimSpace(s))
	parsed, err := mail.ParseAddress(display)
	plain := err == nil && parsed.Name == "" && parsed.Address == display
	if !plain || !utf8.ValidString(s) || utf8.RuneCountInString(display) > maxEmail || strings.ContainsAny(display, " <>\"") {
		return "", "", []domain.Problem{{Code: CodeEmailInvalid, Detail: "This is not an e-mail address."}}
	}
	return display, cases.Fold().String(norm.NFKC.String(display)), nil
}
