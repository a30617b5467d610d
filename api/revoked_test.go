package api_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/ports"
)

// beforeSaving is an operation store that calls something before it saves the first
// chunk, and tells the end of an operation.
type beforeSaving struct {
	ports.OperationStore
	once  sync.Once
	first func()
	ended chan struct{}
}

func (b *beforeSaving) SaveChunk(ctx context.Context, id uuid.UUID, chunk ports.OperationChunk) error {
	b.once.Do(b.first)
	return b.OperationStore.SaveChunk(ctx, id, chunk)
}

func (b *beforeSaving) FailOperation(ctx context.Context, id uuid.UUID, reason string, at time.Time) error {
	defer close(b.ended)
	return b.OperationStore.FailOperation(ctx, id, reason, at)
}

// A token that is revoked while an operation is under way does not carry it on.
func TestARevokedTokenEndsItsOperation(t *testing.T) {
	t.Parallel()
	store := &beforeSaving{ended: make(chan struct{})}
	s := newStack(t, apitest.With(func(d *app.Dependencies, _ *api.Options) {
		store.OperationStore, d.Operations = d.Operations, store
	}))
	ctx := t.Context()
	uid, administrator := s.reseller("Northwind")
	program := s.signIn(uid, "device-manager")
	var id uuid.UUID
	for _, token := range when(administrator.ListAccountTokens(ctx, uid, nil)).Then(t).JSON200.Items {
		if !token.Administrator {
			id = token.Id
		}
	}
	store.first = func() { when(administrator.RevokeAccountToken(ctx, uid, id, nil)).Then(t) }
	items := make([]client.Registration, 501)
	for i := range items {
		items[i] = client.Registration{SerialNumber: mp70(i), Imei: new("bad")}
	}
	items[500] = newDevice(500)
	submitted := when(program.RegisterDevices(ctx, &client.RegisterDevicesParams{Prefer: new("respond-async")}, request(items...))).Then(t).JSON202.Id
	<-store.ended
	when(program.GetOperation(ctx, submitted, nil)).Refused(t, 401, "unauthenticated")
	operation := when(administrator.GetOperation(ctx, submitted, nil)).Then(t).JSON200
	if operation.State != client.Failed || operation.Progress.Done != 500 || !strings.HasPrefix(*operation.Error, "caller_revoked: ") {
		t.Errorf("%+v", operation)
	}
	when(administrator.GetDevice(ctx, mp70(500), nil)).Refused(t, 404, "not_found")
}
