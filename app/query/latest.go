package query

import (
	"context"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Latest is a position that a read model has to reach to know of everything that
// was appended before this call.
func Latest(ctx context.Context, log eventlog.Log, reader Reader) (eventlog.Position, error) {
	known, err := reader.Devices(ctx, DeviceQuery{Page: Page{Limit: 1}})
	if err != nil {
		return eventlog.Position{}, err
	}
	last := known.Position
	for e, err := range log.ReadAll(ctx, last, "account-", "device-", "notice-", "noticechoice-", "noticeround-", "partnership-", "releases-", "renewalorder-", "user-") {
		if err != nil {
			return last, err
		}
		last = e.Position
	}
	return last, nil
}
