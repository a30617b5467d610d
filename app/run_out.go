package app

import (
	"time"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/user"
)

// What ends at an instant ends by the clock: whoever asks goes by the date. The
// works below record it, so that histories, feeds and mails have it too.

// partnershipEnds records that partnerships have ended by themselves.
func (a *App) partnershipEnds() DueWork {
	return dueStreams[partnership.State]{
		app: a, name: "partnership-ends", query: query.DueQuery{Kind: query.DuePartnershipEnds},
		stream: eventlog.PartnershipStream, evolve: partnership.Evolve,
		decide: func(s partnership.State, at time.Time) ([]domain.Event, []domain.Problem) {
			return partnership.DecideLapse(s, at), nil
		},
	}
}

// partnershipWarnings warns of ends to come, on the given days before.
func (a *App) partnershipWarnings(days []int) DueWork {
	return dueStreams[partnership.State]{
		app: a, name: "partnership-warnings", query: query.DueQuery{Kind: query.DuePartnershipWarning, WarnDays: days},
		stream: eventlog.PartnershipStream, evolve: partnership.Evolve,
		decide: func(s partnership.State, at time.Time) ([]domain.Event, []domain.Problem) {
			return partnership.DecideWarn(s, days, at), nil
		},
	}
}

// runOutInvitations records that invitations to activate an account have run out.
func (a *App) runOutInvitations() DueWork {
	return dueStreams[account.State]{
		app: a, name: "invitation-expiry", query: query.DueQuery{Kind: query.DueInvitations},
		stream: eventlog.AccountStream, evolve: account.Evolve,
		decide: func(s account.State, at time.Time) ([]domain.Event, []domain.Problem) {
			return account.DecideLapse(s, at), nil
		},
	}
}

// runOutUserInvitations is runOutInvitations for users.
func (a *App) runOutUserInvitations() DueWork {
	return dueStreams[user.State]{
		app: a, name: "user-invitation-expiry", query: query.DueQuery{Kind: query.DueUserInvitations},
		stream: eventlog.UserStream, evolve: user.Evolve,
		decide: func(s user.State, at time.Time) ([]domain.Event, []domain.Problem) {
			return user.DecideLapse(s, at), nil
		},
	}
}
