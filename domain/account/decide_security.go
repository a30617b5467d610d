package account

import (
	"net/netip"
	"slices"

	"github.com/fleetledger/fleetledger/domain"
)

// Secure is a change of the security options; what is nil stays. From is the
// address the request comes from, which new ranges must not lock out; an invalid
// one is not looked at. Issuer says whether there is an OIDC issuer to sign in
// through.
type Secure struct {
	SessionMinutes, IdleMinutes, PasswordLength *int
	SecondFactor, IssuerOnly                    *bool
	AddressRanges                               *[]string
	From                                        netip.Addr
	Issuer                                      bool
}

// DecideSecure decides on the security options, all or none.
func DecideSecure(s State, c Secure) ([]domain.Event, error) {
	events, problems := c.sessions(s)
	more, found := c.passwords(s)
	events, problems = append(events, more...), slices.Concat(open(s), problems, found)
	more, found = c.ways(s)
	events, problems = append(events, more...), append(problems, found...)
	if len(problems) > 0 {
		return nil, domain.Refuse(problems...)
	}
	return events, nil
}

// sessions is about how long sessions last.
func (c Secure) sessions(s State) (events []domain.Event, problems []domain.Problem) {
	invalid := func(minutes int) bool {
		return minutes != 0 && (minutes < minSessionMinutes || minutes > maxSessionMinutes)
	}
	if m := c.SessionMinutes; m != nil && *m != s.Security.SessionMinutes {
		if invalid(*m) {
			problems = append(problems, pointed("/sessionMinutes", CodeSessionLifetime, "A session lasts 5 minutes to 30 days."))
		}
		events = append(events, SessionLifetimeSet{Account: s.UID, Minutes: *m})
	}
	if m := c.IdleMinutes; m != nil && *m != s.Security.IdleMinutes {
		if invalid(*m) {
			problems = append(problems, pointed("/idleMinutes", CodeSessionIdleTime, "A session ends after 5 minutes to 30 days without use."))
		}
		events = append(events, SessionIdleTimeSet{Account: s.UID, Minutes: *m})
	}
	return events, problems
}

// passwords is about what users prove themselves with.
func (c Secure) passwords(s State) (events []domain.Event, problems []domain.Problem) {
	if n := c.PasswordLength; n != nil && *n != max(s.Security.PasswordLength, PasswordMinimum) {
		if *n < PasswordMinimum || *n > maxPasswordMinimum {
			problems = append(problems, pointed("/passwordLength", CodePasswordLength, "Passwords have at least 12 characters; an account can ask for up to 128."))
		}
		events = append(events, PasswordLengthSet{Account: s.UID, Minimum: *n})
	}
	if required := c.SecondFactor; required != nil && *required != s.Security.SecondFactor {
		events = append(events, SecondFactorRequirementSet{Account: s.UID, Required: *required})
	}
	return events, problems
}

// ways is about the ways in.
func (c Secure) ways(s State) (events []domain.Event, problems []domain.Problem) {
	if c.AddressRanges != nil {
		ranges, ok := normaliseRanges(*c.AddressRanges)
		switch {
		case !ok:
			problems = append(problems, pointed("/addressRanges", CodeAddressRangeInvalid, "Give up to 100 ranges such as 192.0.2.0/24 or 2001:db8::/32."))
		case c.From.IsValid() && !(Security{AddressRanges: ranges}).Admits(c.From):
			problems = append(problems, pointed("/addressRanges", CodeAddressRangesShutting, "The ranges would lock out "+c.From.String()+", which this request comes from."))
		case !slices.Equal(ranges, s.Security.AddressRanges):
			events = append(events, AddressRangesSet{Account: s.UID, Ranges: ranges})
		}
	}
	if only := c.IssuerOnly; only != nil && *only != s.Security.IssuerOnly {
		if *only && !c.Issuer {
			problems = append(problems, pointed("/issuerOnly", CodeIssuerMissing, "No OIDC issuer is configured; nobody could sign in."))
		}
		events = append(events, IssuerRequirementSet{Account: s.UID, Required: *only})
	}
	return events, problems
}
