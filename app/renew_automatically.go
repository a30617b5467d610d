package app

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// freeRenewals renews the free terms of resellers' devices, from the last day
// of a term on: one ServiceRenewed per device and period. Each renewal has the
// id and the metadata of a command of its own, which follow from device and
// period, since another run may find another number of periods.
func (a *App) freeRenewals() DueWork {
	return dueStreams[device.State]{
		app: a, name: "automatic-renewals", query: query.DueQuery{Kind: query.DueRenewals},
		stream: eventlog.DeviceStream,
		begin:  func(uid uuid.UUID) device.State { return device.State{UID: uid} },
		evolve: device.Evolve,
		decide: func(s device.State, at time.Time) ([]domain.Event, []domain.Problem) {
			return device.DecideRenew(s, device.Renew{Automatic: true, Today: calendar.DateOf(at), Rules: a.rules})
		},
		command: func(_ string, _ eventlog.Revision, e domain.Event) uuid.UUID {
			renewed, _ := e.(device.ServiceRenewed) // the one thing that is decided
			return renewed.Renewal
		},
	}
}
