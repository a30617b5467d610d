package reactions

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Security follows the log and enters what concerns the security of accounts in the
// security log. An entry has the id of its event: a repeat is the same entry.
type Security struct {
	executor *command.Executor
	log      ports.SecurityLog
}

// NewSecurity makes the follower.
func NewSecurity(x *command.Executor, log ports.SecurityLog) *Security {
	return &Security{executor: x, log: log}
}

// Name is that of its checkpoint. It changes with Prefixes.
func (*Security) Name() string { return "security_log" }

// Prefixes are those of the streams it follows.
func (*Security) Prefixes() []string {
	return []string{account.Aggregate.Prefix(), audit.Aggregate.Prefix(), partnership.Aggregate.Prefix(), user.Aggregate.Prefix()}
}

// HandleBatch enters what the events tell.
func (s *Security) HandleBatch(ctx context.Context, b eventlog.Batch) error {
	var entries []ports.SecurityEntry
	for _, e := range b.Events {
		found := aboutSecurity(e)
		if len(found) == 0 {
			var err error
			if found, err = s.aboutOthers(ctx, e); err != nil {
				return err
			}
		}
		for i := range found {
			if err := s.complete(ctx, e, &found[i]); err != nil {
				return err
			}
			found[i].ID = e.ID
			if i > 0 {
				found[i].ID = uuid.NewSHA1(e.ID, found[i].Account[:])
			}
		}
		entries = append(entries, found...)
	}
	return s.log.Record(ctx, entries)
}

// complete fills in what all entries of events have. Events of users do not say whose
// account it is.
func (s *Security) complete(ctx context.Context, e eventlog.Recorded, entry *ports.SecurityEntry) error {
	entry.At, entry.Actor, entry.Why = e.Metadata.OccurredAt, e.Metadata.Actor, e.Event.EventType()
	if entry.Account != uuid.Nil || entry.User == uuid.Nil {
		return nil
	}
	u, err := eventlog.Load(ctx, s.executor.Log, user.Aggregate, entry.User)
	entry.Account = u.State.Account
	return err
}

// aboutSecurity is the table: what each event enters; nothing for most.
func aboutSecurity(e eventlog.Recorded) []ports.SecurityEntry {
	switch event := e.Event.(type) {
	case user.PasswordChanged:
		if event.Reset > 0 {
			return who(ports.SecurityPasswordReset, uuid.Nil, event.User)
		}
		return who(ports.SecurityPasswordChanged, uuid.Nil, event.User)
	case user.PasswordResetRequested:
		return who(ports.SecurityResetRequested, uuid.Nil, event.User)
	case user.SecondFactorAdded:
		return who(ports.SecurityFactorAdded, uuid.Nil, event.User)
	case user.SecondFactorRemoved:
		return who(ports.SecurityFactorRemoved, uuid.Nil, event.User)
	case user.SecondFactorsReset:
		return who(ports.SecurityFactorsReset, uuid.Nil, event.User)
	case user.RecoveryCodesReplaced:
		return who(ports.SecurityCodesMade, uuid.Nil, event.User)
	case user.RecoveryCodeUsed:
		return who(ports.SecurityCodeUsed, uuid.Nil, event.User)
	case user.ProfilesAssigned:
		return who(ports.SecurityUser, uuid.Nil, event.User)
	case user.UserInvited:
		return who(ports.SecurityUser, uuid.Nil, event.User)
	case user.UserActivated:
		return who(ports.SecurityUser, uuid.Nil, event.User)
	case user.EmailChanged:
		return who(ports.SecurityUser, uuid.Nil, event.User)
	case account.AccessWithdrawn:
		return who(ports.SecurityUser, event.Account, event.User)
	case account.AccessRestored:
		return who(ports.SecurityUser, event.Account, event.User)
	case account.AdministratorNamed:
		return who(ports.SecurityUser, event.Account, event.Administrator.ID)
	case account.AdministratorJoined:
		return who(ports.SecurityUser, event.Account, event.Administrator.ID)
	case account.AdministratorRemoved:
		return who(ports.SecurityUser, event.Account, event.User)
	case account.SessionLifetimeSet:
		return in(ports.SecurityOptions, event.Account)
	case account.SessionIdleTimeSet:
		return in(ports.SecurityOptions, event.Account)
	case account.SecondFactorRequirementSet:
		return in(ports.SecurityOptions, event.Account)
	case account.IssuerRequirementSet:
		return in(ports.SecurityOptions, event.Account)
	case account.PasswordLengthSet:
		return in(ports.SecurityOptions, event.Account)
	case account.AddressRangesSet:
		return in(ports.SecurityOptions, event.Account)
	case account.ProfileDefined:
		return in(ports.SecurityRights, event.Account)
	case account.ProfileRightsAssigned:
		return in(ports.SecurityRights, event.Account)
	case account.ProfileRemoved:
		return in(ports.SecurityRights, event.Account)
	}
	return nil
}

// aboutOthers are the entries about what partners and auditors may do.
func (s *Security) aboutOthers(ctx context.Context, e eventlog.Recorded) ([]ports.SecurityEntry, error) {
	var given []uuid.UUID
	ofPartnership := func(uid uuid.UUID) error {
		p, err := eventlog.Load(ctx, s.executor.Log, partnership.Aggregate, uid)
		given = []uuid.UUID{p.State.Customer}
		return err
	}
	var err error
	switch event := e.Event.(type) {
	case partnership.PartnershipEstablished:
		given = []uuid.UUID{event.Customer}
	case partnership.PartnerProfileAssigned:
		err = ofPartnership(event.Partnership)
	case partnership.PartnershipEnded:
		err = ofPartnership(event.Partnership)
	case audit.AuditGranted:
		given = event.Accounts
	case audit.AuditGrantRevoked:
		var g eventlog.Loaded[audit.State]
		g, err = eventlog.Load(ctx, s.executor.Log, audit.Aggregate, event.Grant)
		given = g.State.Accounts
	}
	return in(ports.SecurityRights, given...), err
}

// in are entries of a kind, one for each account.
func in(kind ports.SecurityKind, accounts ...uuid.UUID) []ports.SecurityEntry {
	var all []ports.SecurityEntry
	for _, uid := range accounts {
		all = append(all, ports.SecurityEntry{Kind: kind, Account: uid})
	}
	return all
}

// who is an entry about a user; uuid.Nil is the account that the user belongs to.
func who(kind ports.SecurityKind, of, uid uuid.UUID) []ports.SecurityEntry {
	return []ports.SecurityEntry{{Kind: kind, Account: of, User: uid}}
}
