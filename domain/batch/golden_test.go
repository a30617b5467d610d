package batch_test

import (
	"encoding/json"
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/batch"
	"github.com/fleetledger/fleetledger/domain/domaintest"
)

func TestGolden(t *testing.T) {
	t.Parallel()
	uid, device := uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000001"), uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000002")
	domaintest.Golden(t, batch.Codec,
		batch.BatchStarted{Batch: uid, Devices: []uuid.UUID{device}},
		batch.BatchPrepared{Batch: uid, Changes: []batch.Change{{
			Device: device, Revision: 7, Events: []batch.Encoded{{ID: uid, Type: "Retired", Version: 1, Data: json.RawMessage(`{"reason":"x"}`)}},
		}}},
		batch.BatchCommitted{Batch: uid},
		batch.BatchCompleted{Batch: uid},
		batch.BatchAbandoned{Batch: uid},
	)
}
