package reactions

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/aggregate"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/batch"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/release"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/user"
)

// tasks are what a batch of events gives cause to look after, each once.
type tasks struct {
	finisher               *Finisher
	batches, holds, others stage
	held                   map[uuid.UUID][]uuid.UUID              // by batch: devices
	reversed               map[uuid.UUID][]uuid.UUID              // by reversal: devices
	reserved               map[string]map[string]reservation.Kind // by holder's stream: reservations it has claimed
	from, upto             eventlog.Position                      // of the first and the last event
}

func (f *Finisher) tasks(events []eventlog.Recorded) *tasks {
	t := &tasks{
		finisher: f, batches: stage{}, holds: stage{}, others: stage{},
		held: map[uuid.UUID][]uuid.UUID{}, reversed: map[uuid.UUID][]uuid.UUID{}, reserved: map[string]map[string]reservation.Kind{},
	}
	if n := len(events); n > 0 {
		t.from, t.upto = events[0].Position, events[n-1].Position
	}
	for _, e := range events {
		t.add(e)
	}
	return t
}

// add is the table: what each event gives cause to look after.
func (t *tasks) add(e eventlog.Recorded) {
	switch event := e.Event.(type) {
	case batch.BatchStarted:
		t.settleBatch(event.Batch)
	case device.Held:
		t.settleHolds(event.Batch, event.Device)
	case reservation.Reserved:
		t.reserve(event.Subject, e.Stream, event.Kind)
		t.tidy(event.Subject, e)
	case device.Transferred, device.TransferReversed, device.Renamed, device.Retired, account.AccountRenamed, account.AdministratorEmailCorrected,
		user.UserInvitationRevoked, user.UserInvitationAbandoned, user.EmailChangeRequested, user.EmailChangeExpired:
		t.tidy(e.Stream, e)
	case user.PasswordChanged:
		t.tidy(e.Stream, e)
		t.endFormerTokens(event.User, e)
	case user.SecondFactorAdded:
		t.tidyFactors(event.User)
	case user.SecondFactorRemoved:
		t.tidyFactors(event.User)
	case user.SecondFactorsReset:
		t.endSessions(event.User, e)
		t.tidyFactors(event.User)
	case user.RecoveryCodesReplaced:
		t.tidyFactors(event.User)
	case user.UserRenamed:
		t.followPerson(event.User, e)
	case user.EmailChanged:
		t.tidy(e.Stream, e)
		t.followPerson(event.User, e)
	case account.AdministratorNamed:
		t.followPerson(event.Administrator.ID, e)
	case account.AdministratorEmailChanged:
		t.tidy(e.Stream, e)
	case order.RenewalOrderApproved:
		t.finishOrder(event.Order, e)
	case order.RenewalOrderDeclined, order.RenewalOrderWithdrawn, order.RenewalOrderReversed, order.RenewalOrderAbandoned:
		t.tidy(e.Stream, e)
	case device.RenewalReversed:
		t.recordReversal(event, e)
	case release.ReleaseRequestGranted:
		t.releaseDevice(event.Request, e)
	case account.AccountCreated:
		t.partnerUp(event, e)
	case account.AccountClosed:
		t.tidy(e.Stream, e)
		t.dropSecrets(event.Account)
		t.endTokens(event.Account, e)
		t.stopOpen(event.Account, e)
	case account.AccountActivated:
		t.joinFirst(event.Account, event.Administrator, event.Credential, e)
	case account.AdministratorJoined:
		t.joinFirst(event.Account, event.Administrator, event.Credential, e)
	case user.UserActivated:
		t.nameAdministrator(event, e)
	case account.AccessWithdrawn:
		t.endSignIns(event.User, e)
		t.followAccess(event.Account, event.User, e)
	case account.AccessRestored:
		t.followAccess(event.Account, event.User, e)
	case account.ExternalAccountSecretReplaced:
		t.dropSecret(event.Replaced)
	case account.ExternalAccountRemoved:
		t.dropSecret(event.Credential)
	case account.PersonErased:
		t.erase(event.Person, e)
	case audit.AuditorErased:
		t.erase(event.Grant, e)
	case user.UserErased:
		for _, stream := range append(event.EarlierReservations, event.EmailReservation, event.WantedReservation) {
			if stream != "" {
				t.reserve(e.Stream, stream, reservation.Email)
			}
		}
		t.tidy(e.Stream, e)
		t.erase(event.User, e)
	}
}

func (t *tasks) settleBatch(uid uuid.UUID) {
	t.batches["batch "+uid.String()] = func(ctx context.Context) error { return t.finisher.executor.SettleBatch(ctx, uid) }
}

func (t *tasks) settleHolds(batch, held uuid.UUID) {
	t.held[batch] = append(t.held[batch], held)
	t.holds["holds of "+batch.String()] = func(ctx context.Context) error {
		return t.finisher.executor.SettleHolds(ctx, batch, t.held[batch]...)
	}
}

// reserve notes that a holder has claimed a reservation.
func (t *tasks) reserve(holder, stream string, kind reservation.Kind) {
	if t.reserved[holder] == nil {
		t.reserved[holder] = map[string]reservation.Kind{}
	}
	t.reserved[holder][stream] = kind
}

// tidy releases what the holder with the stream has claimed and does not have.
func (t *tasks) tidy(holder string, e eventlog.Recorded) {
	t.others[holder] = func(ctx context.Context) error {
		return t.finisher.tidy(ctx, t.finisher.because(e), holder, t.reserved[holder], t.from, t.upto)
	}
}

func (t *tasks) releaseDevice(request uuid.UUID, e eventlog.Recorded) {
	t.refusable("release request "+request.String(), e, func(ctx context.Context, env command.Env) error {
		return t.finisher.devices.ReleaseGranted(ctx, env, request)
	})
}

// finishOrder is for orders whose command has died; any approval is as good as
// another.
func (t *tasks) finishOrder(uid uuid.UUID, e eventlog.Recorded) {
	t.refusable("renewal order "+uid.String(), e, func(ctx context.Context, env command.Env) error {
		return t.finisher.renewals.FinishOrder(ctx, env, uid)
	})
}

func (t *tasks) recordReversal(reversed device.RenewalReversed, e eventlog.Recorded) {
	t.reversed[reversed.Reversal] = append(t.reversed[reversed.Reversal], reversed.Device)
	t.refusable("reversal "+reversed.Reversal.String(), e, func(ctx context.Context, env command.Env) error {
		devices := t.reversed[reversed.Reversal]
		_, err := t.finisher.renewals.RecordReversal(ctx, env, reversed.Renewal, reversed.Reversal, devices, e.Metadata.Reason)
		return err
	})
}

func (t *tasks) partnerUp(created account.AccountCreated, e eventlog.Recorded) {
	if created.Reseller == uuid.Nil {
		return
	}
	t.others["partnership of "+e.Stream] = func(ctx context.Context) error {
		l, err := eventlog.Load(ctx, t.finisher.executor.Log, account.Aggregate, created.Account)
		if err != nil || l.State.Status == account.Closed {
			return err // closed before it had a partner
		}
		_, err = t.finisher.partnerships.PartnerUp(ctx, t.finisher.because(e), l.State)
		return err
	}
}

// joinFirst makes the administrator that an account was created with a user. One
// who was named and so activated the account is a user already.
func (t *tasks) joinFirst(uid uuid.UUID, administrator account.Person, credential uuid.UUID, e eventlog.Recorded) {
	t.refusable("user "+administrator.ID.String()+" of "+e.Stream, e, func(ctx context.Context, env command.Env) error {
		_, err := t.finisher.people.JoinFirst(ctx, env, uid, administrator, credential)
		return err
	})
}

func (t *tasks) nameAdministrator(activated user.UserActivated, e eventlog.Recorded) {
	if !activated.Administrator {
		return
	}
	t.refusable("administrator of "+e.Stream, e, func(ctx context.Context, env command.Env) error {
		_, err := t.finisher.people.NameAdministrator(ctx, env, activated.Account, activated.Person)
		return err
	})
}

func (t *tasks) followAccess(uid, person uuid.UUID, e eventlog.Recorded) {
	t.refusable("access by "+e.ID.String(), e, func(ctx context.Context, env command.Env) error {
		_, err := t.finisher.people.FollowAccess(ctx, env, uid, person)
		return err
	})
}

// followPerson lets the account know an administrator as the user is by now: the
// change may have come while the account was about to name the user.
func (t *tasks) followPerson(uid uuid.UUID, e eventlog.Recorded) {
	t.refusable("person of user "+uid.String(), e, func(ctx context.Context, env command.Env) error {
		_, err := t.finisher.people.FollowPerson(ctx, env, uid)
		return err
	})
}

// dropSecret drops a secret that is no longer of use. None comes back into use, so
// that dropping one again, however late, does no harm.
func (t *tasks) dropSecret(id uuid.UUID) {
	t.others["secret "+id.String()] = func(ctx context.Context) error { return t.finisher.accounts.DropSecret(ctx, id) }
}

func (t *tasks) dropSecrets(uid uuid.UUID) {
	t.others["secrets of account "+uid.String()] = func(ctx context.Context) error {
		return t.finisher.accounts.DropSecrets(ctx, uid)
	}
}

func (t *tasks) endTokens(uid uuid.UUID, e eventlog.Recorded) {
	t.others["tokens of account "+uid.String()] = func(ctx context.Context) error {
		return t.finisher.people.EndAccountTokens(ctx, uid, e.RecordedAt)
	}
}

// What ended with an event was there before it: a later one of the same batch ends the
// rest. Handled again it ends nothing that came after.

func (t *tasks) endSignIns(uid uuid.UUID, e eventlog.Recorded) {
	t.others["sign-ins of user "+uid.String()] = func(ctx context.Context) error {
		return t.finisher.people.EndSignIns(ctx, e.Metadata.Actor, uid, e.Metadata.OccurredAt)
	}
}

func (t *tasks) endSessions(uid uuid.UUID, e eventlog.Recorded) {
	t.others["sessions of user "+uid.String()] = func(ctx context.Context) error {
		return t.finisher.people.EndSessionsBefore(ctx, uid, e.Metadata.OccurredAt)
	}
}

func (t *tasks) endFormerTokens(uid uuid.UUID, e eventlog.Recorded) {
	t.others["personal tokens of user "+uid.String()] = func(ctx context.Context) error {
		return t.finisher.people.EndFormerTokens(ctx, e.Metadata.Actor, uid, e.Metadata.OccurredAt)
	}
}

// tidyFactors drops the secrets of second factors that are no longer in force.
func (t *tasks) tidyFactors(uid uuid.UUID) {
	t.others["factors of user "+uid.String()] = func(ctx context.Context) error { return t.finisher.people.TidyFactors(ctx, uid) }
}

func (t *tasks) erase(person uuid.UUID, e eventlog.Recorded) {
	t.refusable("person "+person.String(), e, func(ctx context.Context, env command.Env) error {
		return t.finisher.people.FinishErasure(ctx, env, person)
	})
}

// refusable adds a task whose refusal stands.
func (t *tasks) refusable(name string, e eventlog.Recorded, do func(context.Context, command.Env) error) {
	t.others[name] = func(ctx context.Context) error {
		return t.finisher.orRefused(ctx, do(ctx, t.finisher.because(e)))
	}
}

// holders are the aggregates that hold reservations.
var holders = []aggregate.Holder{device.Aggregate, account.Aggregate, user.Aggregate, order.Aggregate}
