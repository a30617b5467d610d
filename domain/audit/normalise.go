package audit

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// MaxAccounts is how many accounts one grant can name.
const MaxAccounts = 100

// NormaliseAccounts orders the accounts of a grant, each once.
func NormaliseAccounts(accounts []uuid.UUID) ([]uuid.UUID, []domain.Problem) {
	kept := slices.Clone(accounts)
	slices.SortFunc(kept, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	kept = slices.Compact(kept)
	if len(kept) == 0 || len(kept) > MaxAccounts {
		return nil, problem(CodeAccountsInvalid, "A grant names 1 to 100 accounts.")
	}
	return kept, nil
}
