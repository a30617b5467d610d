package main

import (
	"time"

	"github.com/fleetledger/fleetledger/adapters/postgres/mails"
	"github.com/fleetledger/fleetledger/app/access"
)

// limitsConfig is what one account, or one address, may take of what all share.
type limitsConfig struct {
	RequestsPerMinute int `help:"Requests a minute that one account may send; twice what comes in a second may come at once." env:"FLEETLEDGER_REQUESTS_PER_MINUTE" default:"300000"`
	RequestsAtOnce    int `help:"Requests of one account that may be under way at once, those that wait for their turn included." env:"FLEETLEDGER_REQUESTS_AT_ONCE" default:"400"`
	OperationsAtOnce  int `help:"Operations of one account that may be under way; their chunks take turns with those of others." env:"FLEETLEDGER_OPERATIONS_AT_ONCE" default:"50"`
	PlansPerAccount   int `help:"Transfer plans of one account that have not expired." env:"FLEETLEDGER_PLANS_PER_ACCOUNT" default:"10000"`
	KeysPerAccount    int `help:"Idempotency keys of one account whose answers are kept, for a day each." env:"FLEETLEDGER_KEYS_PER_ACCOUNT" default:"200000"`
	MailsPerRecipient int `help:"Mails of one kind an hour that callers may have sent to one address; monthly notices do not count." env:"FLEETLEDGER_MAILS_PER_RECIPIENT" default:"20"`
	MailsPerAccount   int `help:"Mails an hour that one account may cause." env:"FLEETLEDGER_MAILS_PER_ACCOUNT" default:"500"`
}

// mailCountsKept is more than the hour in which mails are counted.
const mailCountsKept = 2 * time.Hour

const mostOfLimits = 10_000_000

func (c *limitsConfig) validateLimits(refuse func(string, string, ...any)) {
	for variable, n := range map[string]int{
		"FLEETLEDGER_REQUESTS_PER_MINUTE": c.RequestsPerMinute, "FLEETLEDGER_REQUESTS_AT_ONCE": c.RequestsAtOnce,
		"FLEETLEDGER_OPERATIONS_AT_ONCE": c.OperationsAtOnce,
		"FLEETLEDGER_PLANS_PER_ACCOUNT":  c.PlansPerAccount, "FLEETLEDGER_KEYS_PER_ACCOUNT": c.KeysPerAccount,
		"FLEETLEDGER_MAILS_PER_RECIPIENT": c.MailsPerRecipient, "FLEETLEDGER_MAILS_PER_ACCOUNT": c.MailsPerAccount,
	} {
		if n < 1 || n > mostOfLimits {
			refuse(variable, "%d is not between 1 and %d", n, mostOfLimits)
		}
	}
}

// mails are the limits of mails, counted with all instances.
func (c *limitsConfig) mails(counts *mails.Counts) access.Mails {
	return access.Mails{Counts: counts, PerRecipient: c.MailsPerRecipient, PerAccount: c.MailsPerAccount}
}
