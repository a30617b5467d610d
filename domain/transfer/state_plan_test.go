package transfer_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

func TestPromises(t *testing.T) {
	t.Parallel()
	recorded, day, twice := calendar.On(2026, 11, 24), calendar.On(2026, 11, 23), uuid.UUID{1}
	resulting := &device.Resulting{Consumed: true}
	devices := transfer.DevicesPlanned{Devices: []transfer.Planned{
		{Named: transfer.Named{Device: twice}, Resulting: resulting},
		{Named: transfer.Named{Device: twice}, Problems: []domain.Problem{{Code: "duplicate"}}},
		{Named: transfer.Named{Device: uuid.UUID{2}}, Problems: []domain.Problem{{Code: device.CodeRetired}}},
	}}
	for given, want := range map[calendar.Date]calendar.Date{day: day, 0: recorded} {
		p := transfer.PlanAggregate.Fold(transfer.Plan{}, transfer.TransferPlanned{Plan: uuid.UUID{9}, Day: given, Total: 3}, devices)
		promises := p.Promises(recorded)
		if got := promises[twice]; got.Day != want || got.Resulting != resulting || len(got.Problems) > 0 {
			t.Errorf("%+v", got)
		}
		if got := promises[uuid.UUID{2}]; len(promises) != 2 || got.Resulting != nil || len(got.Problems) != 1 {
			t.Errorf("%+v", promises)
		}
	}
}
