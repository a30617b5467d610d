package device

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Mover is who wants a device moved. Source and Target say whether it has
// devices.transfer in the account that the device leaves, and in the one it
// goes to. Actor.Account is its own account.
type Mover struct {
	Actor          domain.Actor
	Source, Target bool
}

func (m Mover) operator() bool { return m.Actor.Kind == domain.ActorOperator }

// TransferRights is what stands against a mover taking a device to an account:
//
//   - the right is needed where the device leaves;
//   - a customer's account takes what its partner gives, so no right is needed
//     there;
//   - customers choose their partners alone, so into a reseller's account a
//     device comes by that reseller, with the right there, or is returned by the
//     customer that it last went to from there.
//
// The operator may do everything.
func TransferRights(s State, to Owner, by Mover) []domain.Problem {
	problems := by.mayLeave(s.Account)
	if by.operator() || !to.Reseller() || to.UID == s.Account {
		return problems
	}
	taken := by.Actor.Account == to.UID && by.Target
	returned := by.Actor.Account == s.Account && s.CameFrom == to.UID
	if !taken && !returned {
		p := MissingRight(string(rights.DevicesTransfer), to.UID)
		p.Detail = "Into a reseller account a device is taken by that reseller, which needs " + string(rights.DevicesTransfer) +
			" there, or returned by the customer that it last went to from there."
		problems = append(problems, p)
	}
	return problems
}

// mayLeave is what stands against a device leaving an account.
func (m Mover) mayLeave(from uuid.UUID) []domain.Problem {
	if m.operator() || m.Source {
		return nil
	}
	return []domain.Problem{MissingRight(string(rights.DevicesTransfer), from)}
}

// UndoRights is what stands against a mover reversing a transfer that was made
// by somebody at some time. Source and Target of the mover are as in Mover: the
// device leaves where the transfer took it, and goes back to where it was.
//
// Whoever made the transfer may reverse it for Rules.Undo, as long as it has
// the right that the transfer needed; later, and for others, the rights are
// those of a transfer back.
func UndoRights(s State, c ReverseTransfer) []domain.Problem {
	if c.inTime() && c.By.Actor == c.Made.By && c.By.Target {
		return nil
	}
	return TransferRights(s, c.Source, c.By)
}
