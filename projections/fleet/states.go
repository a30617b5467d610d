package fleet

import (
	"maps"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/text"
	"github.com/fleetledger/fleetledger/domain/user"
)

type (
	deviceState      = device.State
	partnershipState = partnership.State
	auditGrantState  = query.AuditGrant

	// accountState adds what lists show and decisions do not need.
	accountState struct {
		account.State
		CreatedAt time.Time
		// SecretsSince is when the secrets of its external accounts were given.
		SecretsSince map[uuid.UUID]time.Time
	}

	// userState is that of a user, with what lists show besides.
	userState struct {
		user.State
		CreatedAt time.Time
	}
)

var deviceTable = table[deviceState]{
	name:   "device_versions",
	prefix: devicePrefix,
	evolve: func(s deviceState, e eventlog.Recorded) deviceState { return device.Evolve(s, e.Event) },
	exists: deviceState.Exists,
	columns: []string{"account", "name_key", "serial_number", "factor", "model", "offer", "life_cycle", "labels",
		"first_registered", "service_start", "service_end", "auto_renew"},
	values: func(s deviceState) []any {
		labels := s.Labels
		if labels == nil {
			labels = []string{}
		}
		return []any{[16]byte(s.Account), text.Key(s.Name), s.SerialNumber, s.Factor.Value, s.Model, string(s.Service.Offer),
			string(s.LifeCycle), labels, date(s.FirstRegistered), date(s.Service.Start), date(s.Service.End), s.Service.AutoRenew}
	},
}

var accountTable = table[accountState]{
	name:   "account_versions",
	prefix: accountPrefix,
	evolve: func(s accountState, e eventlog.Recorded) accountState {
		s.State = account.Evolve(s.State, e.Event)
		s.Invitation.TokenHash, s.EmailReservation = nil, "" // lists have no use for them
		if _, ok := e.Event.(account.AccountCreated); ok {
			s.CreatedAt = e.Metadata.OccurredAt.UTC()
		}
		return s.withSecrets(e)
	},
	exists:  func(s accountState) bool { return s.Status != "" },
	columns: []string{"name_key", "type", "status", "created_at", "invitation_expires", "invitation_due"},
	values: func(s accountState) []any {
		expires := pgtype.Timestamptz{Time: s.Invitation.Expires, Valid: !s.Invitation.Expires.IsZero()}
		return []any{text.Key(s.Name), string(s.Type), string(s.Status), s.CreatedAt, expires,
			runsOut(s.Invitation, s.Status == account.Pending && s.Lapsed != s.Invitation.Number)}
	},
}

// withSecrets notes when secrets of external accounts were given.
func (s accountState) withSecrets(e eventlog.Recorded) accountState {
	switch event := e.Event.(type) {
	case account.ExternalAccountAdded:
		return s.secretSince(event.ExternalAccount, e.Metadata.OccurredAt)
	case account.ExternalAccountSecretReplaced:
		return s.secretSince(event.ExternalAccount, e.Metadata.OccurredAt)
	case account.ExternalAccountRemoved:
		s.SecretsSince = maps.Clone(s.SecretsSince)
		delete(s.SecretsSince, event.ExternalAccount)
	}
	return s
}

func (s accountState) secretSince(uid uuid.UUID, at time.Time) accountState {
	since := map[uuid.UUID]time.Time{uid: at.UTC()}
	for other, then := range s.SecretsSince {
		if other != uid {
			since[other] = then
		}
	}
	s.SecretsSince = since
	return s
}

var partnershipTable = table[partnershipState]{
	name:    "partnership_versions",
	prefix:  partnershipPrefix,
	evolve:  func(s partnershipState, e eventlog.Recorded) partnershipState { return partnership.Evolve(s, e.Event) },
	exists:  func(s partnershipState) bool { return s.UID != uuid.Nil },
	columns: []string{"reseller", "customer", "profile", "ended", "until", "warned"},
	values: func(s partnershipState) []any {
		until := pgtype.Timestamptz{Time: s.Until, InfinityModifier: pgtype.Finite, Valid: true}
		if s.Until.IsZero() {
			until = pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}
		}
		return []any{[16]byte(s.Reseller), [16]byte(s.Customer), s.Profile, s.Ended, until, s.Warned}
	},
}

var userTable = table[userState]{
	name:   "user_versions",
	prefix: userPrefix,
	evolve: func(s userState, e eventlog.Recorded) userState {
		s.State = user.Evolve(s.State, e.Event)
		s.Invitation.TokenHash, s.Credential = nil, uuid.Nil // a list has no use for them
		if s.CreatedAt.IsZero() {
			s.CreatedAt = e.Metadata.OccurredAt.UTC()
		}
		return s
	},
	exists:  func(s userState) bool { return s.Status != "" },
	columns: []string{"account", "name_key", "email_key", "status", "created_at", "invitation_expires", "invitation_due"},
	values: func(s userState) []any {
		expires := pgtype.Timestamptz{Time: s.Invitation.Expires, Valid: !s.Invitation.Expires.IsZero()}
		return []any{[16]byte(s.Account), text.Key(s.Person.Name), text.Key(s.Person.Email), string(s.Status), s.CreatedAt, expires,
			runsOut(s.Invitation, s.Status == user.Pending && s.Lapsed != s.Invitation.Number)}
	},
}

// runsOut is when an invitation does, as far as that is to be waited for. It is
// rounded up to what the database keeps: at that instant it has run out.
func runsOut(i account.Invitation, waited bool) pgtype.Timestamptz {
	return pgtype.Timestamptz{Time: i.Expires.Add(time.Microsecond - 1).Truncate(time.Microsecond), Valid: waited}
}

var auditGrantTable = table[auditGrantState]{
	name:   "audit_grant_versions",
	prefix: auditGrantPrefix,
	evolve: func(s auditGrantState, e eventlog.Recorded) auditGrantState {
		s = query.EvolveAuditGrant(s, e)
		s.TokenHash = nil // a list has no use for it
		return s
	},
	exists:  func(s auditGrantState) bool { return s.UID != uuid.Nil },
	columns: []string{"accounts", "granted_at", "expires_at", "ended"},
	values: func(s auditGrantState) []any {
		return []any{raw(s.Accounts), s.GrantedAt, s.Expires, !s.EndedAt.IsZero()}
	},
}

func date(d calendar.Date) pgtype.Date {
	return pgtype.Date{Time: d.Time(), Valid: !d.IsZero()}
}

func dateFrom(d pgtype.Date) calendar.Date {
	if !d.Valid {
		return 0
	}
	return calendar.DateOf(d.Time)
}
