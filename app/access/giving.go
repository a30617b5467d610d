package access

import (
	"strings"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// CodeRightNotHeld says that somebody would give what it does not have. It is part of
// the interface and never changes.
const CodeRightNotHeld = "right_not_held"

// Giving is what stands against giving rights to somebody who has had some of them
// already: nobody gives what it does not have in the account itself, whatever it may
// manage there. Held are the rights of whoever gives. Taking rights away is no giving.
func Giving(given, had, held rights.Set, pointer string) []domain.Problem {
	lacking := rights.Beyond(rights.Beyond(given, had), held)
	if len(lacking) == 0 {
		return nil
	}
	names := make([]string, len(lacking))
	for i, r := range lacking {
		names[i] = string(r)
	}
	return []domain.Problem{{
		Pointer: pointer, Code: CodeRightNotHeld,
		Detail: "Nobody gives what it does not have. This gives " + strings.Join(names, ", ") + ".",
	}}
}
