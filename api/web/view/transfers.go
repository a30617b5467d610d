package view

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// Transfers are past transfers.
type Transfers struct {
	Frame Frame
	List  openapi.TransferList
	Names map[uuid.UUID]string // of the accounts in it
	Sort  string
	From  int
}

// TransferAccounts are the accounts that a list of transfers names, each once.
func TransferAccounts(l openapi.TransferList) []uuid.UUID {
	seen := map[uuid.UUID]bool{}
	var all []uuid.UUID
	for _, t := range l.Items {
		for _, uid := range []uuid.UUID{t.From, t.To} {
			if !seen[uid] {
				seen[uid] = true
				all = append(all, uid)
			}
		}
	}
	return all
}

// transferStates are the states that a transfer can be in, for people.
var transferStates = []struct{ state, name string }{
	{"transferred", "Moved"}, {"reversed", "Taken back"}, {"refused", "Refused"}, {"requested", "Not known yet"},
}

// transferTag is how a transfer's state looks.
func transferTag(state openapi.TransferState) (colour, icon, name string) {
	switch state {
	case "transferred":
		return "green", "check", "Moved"
	case "reversed":
		return "", "past", "Taken back"
	case "refused":
		return "red", "cross", "Refused"
	}
	return "amber", "info", "Not known yet"
}
