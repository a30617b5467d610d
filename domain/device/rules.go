package device

import (
	"time"

	"github.com/fleetledger/fleetledger/domain/calendar"
)

// Rules are the decisions of ours that an operator may configure.
type Rules struct {
	Places           int             // devices a reseller account has room for
	FreeTermMonths   int             // service term of a reseller's devices, renewing by itself
	WarrantyMonths   int             // from the first registration
	WarrantyCap      int             // months from the first registration that the warranty follows the service end of complete and premium
	IncludedTransfer string          // what a transfer within the included year gives: IncludedFull or IncludedRemainder
	RenewalTerms     []calendar.Term // that can be ordered; empty: any
	Undo             time.Duration   // how long whoever made a transfer may reverse it
	RetiredRelease   time.Duration   // after which the release of a retired device is granted by itself
}

// What a transfer within the included year gives.
const (
	IncludedFull      = "full"      // a new included term from the day of the transfer
	IncludedRemainder = "remainder" // service until the included year ends
)

// DefaultRules are the numbers of the reseller's contract.
var DefaultRules = Rules{
	Places: 20, FreeTermMonths: 60, WarrantyMonths: 12, WarrantyCap: 60, IncludedTransfer: IncludedFull,
	RenewalTerms: []calendar.Term{calendar.Months(12), calendar.Months(36), calendar.Months(60)},
	Undo:         24 * time.Hour, RetiredRelease: 7 * 24 * time.Hour,
}
