package notices

import (
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Part is the name of notices in events and logs.
const Part = "monthly-notices"

// Options of the notices.
type Options struct {
	// Mailer sends them; nil: this service sends none. Outcomes tell what became of
	// what it took.
	Mailer   ports.Mailer
	Outcomes ports.MailOutcomes
	// Outbox has all mails, where there is no mail server; else nil.
	Outbox ports.Outbox
	// PublicURL is where people reach the service, without a slash at the end.
	PublicURL string
	// LookAhead is for how many days they look ahead.
	LookAhead int
	// Hours is from the beginning of a month (UTC) until they are due.
	Hours   int
	Windows query.Windows
	Rules   device.Rules
}

// The defaults of Options.
const (
	DefaultLookAhead = 90
	DefaultHours     = 6
)

// Service has the use cases of notices.
type Service struct {
	executor *command.Executor
	access   *access.Control
	reader   query.Reader
	tokens   access.Tokens
	options  Options
}

// New makes the service.
func New(x *command.Executor, a *access.Control, reader query.Reader, tokens access.Tokens, o Options) *Service {
	return &Service{executor: x, access: a, reader: reader, tokens: tokens, options: o}
}

// Sends reports whether this service sends notices, and how many hours after the
// beginning of a month.
func (s *Service) Sends() (hours int, sends bool) {
	return s.options.Hours, s.options.Mailer != nil
}
