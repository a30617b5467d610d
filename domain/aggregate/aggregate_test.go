package aggregate_test

import (
	"errors"
	"iter"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/aggregate"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/batch"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/release"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/transfer"
	"github.com/fleetledger/fleetledger/domain/user"
)

type streams interface {
	Stream(uid uuid.UUID) string
	UID(stream string) (uuid.UUID, bool)
	Prefix() string
}

// The names of streams stand in the log and never change.
func TestStreamNames(t *testing.T) {
	t.Parallel()
	uid := uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000001")
	all := map[string]streams{
		"account": account.Aggregate, "user": user.Aggregate, "partnership": partnership.Aggregate, "device": device.Aggregate,
		"auditgrant": audit.Aggregate, "batch": batch.Aggregate, "transfer": transfer.Aggregate, "transferplan": transfer.PlanAggregate,
		"releases": release.Aggregate, "release": release.AddressAggregate,
	}
	for category, a := range all {
		stream := category + "-b4b8f4a6-0000-4000-8000-000000000001"
		if got := a.Stream(uid); got != stream || a.Prefix() != category+"-" {
			t.Errorf("%s: %s, prefix %s", category, got, a.Prefix())
		}
		for other := range all {
			got, ok := a.UID(other + "-b4b8f4a6-0000-4000-8000-000000000001")
			if ok != (other == category) || ok && got != uid {
				t.Errorf("%s: the stream of %s is that of %v, %v", category, other, got, ok)
			}
		}
		if _, ok := a.UID(category + "-somebody"); ok {
			t.Errorf("%s: a uid that is none", category)
		}
	}
}

func recorded(events ...domain.Event) iter.Seq2[domain.Event, error] {
	return func(yield func(domain.Event, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}
}

var errDown = errors.New("down")

func TestHolding(t *testing.T) {
	t.Parallel()
	uid := uuid.UUID{1}
	created := account.AccountCreated{Account: uid, Name: "Prairie Fire", Administrator: account.Person{ID: uuid.UUID{2}, Email: "ada@x.example"}}
	renamed := account.AccountRenamed{Account: uid, Name: "Prairie Wind"}
	email := reservation.Unique(reservation.Email, "ada@x.example").Stream
	fire, wind := reservation.Unique(reservation.AccountName, "prairie fire").Stream, reservation.Unique(reservation.AccountName, "prairie wind").Stream
	var holder aggregate.Holder = account.Aggregate

	h, err := holder.Holding(uid, reservation.Limits{}, recorded(created, renamed))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]reservation.Kind{wind: reservation.AccountName, email: reservation.Email}, h.Now); diff != "" {
		t.Errorf("now (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(map[string]aggregate.GivenUp{fire: {Kind: reservation.AccountName, By: 1}}, h.GivenUp); diff != "" {
		t.Errorf("given up (-want +got)\n%s", diff)
	}
	if got, want := h.Fence(fire), (account.AccountClaimAbandoned{Account: uid, Reservation: fire}); got != want || h.HeldBy != uuid.Nil {
		t.Errorf("fence %+v, held by %v", got, h.HeldBy)
	}

	back := account.AccountRenamed{Account: uid, Name: "Prairie Fire"}
	if h, _ = holder.Holding(uid, reservation.Limits{}, recorded(created, renamed, back, renamed, back)); !maps.Equal(h.GivenUp, map[string]aggregate.GivenUp{wind: {Kind: reservation.AccountName, By: 4}}) {
		t.Errorf("given up again and again: %v", h.GivenUp)
	}

	if h, _ = holder.Holding(uid, reservation.Limits{}, recorded()); h.Fence(fire) != (account.AccountCreationAbandoned{Account: uid}) || len(h.Now)+len(h.GivenUp) > 0 {
		t.Errorf("before the first event: %+v", h)
	}
	if h, _ = holder.Holding(uid, reservation.Limits{}, recorded(created, account.AccountClosed{Account: uid})); h.Fence(fire) != (account.AccountClaimAbandoned{Account: uid, Reservation: fire}) || len(h.Now) > 0 {
		t.Errorf("closed before it was activated: %+v", h.Now)
	}
	if h, _ = audit.Aggregate.Holding(uid, reservation.Limits{}, recorded(audit.AuditGranted{Grant: uid})); h.Fence(fire) != nil || len(h.Now)+len(h.GivenUp) > 0 {
		t.Error("an aggregate without reservations has some, or a fence")
	}
	batchUID := uuid.UUID{7}
	if h, _ = device.Aggregate.Holding(uid, reservation.Limits{}, recorded(device.Held{Device: uid, Batch: batchUID})); h.HeldBy != batchUID {
		t.Errorf("held by %v", h.HeldBy)
	}
	_, err = holder.Holding(uid, reservation.Limits{}, func(yield func(domain.Event, error) bool) { yield(nil, errDown) })
	if !errors.Is(err, errDown) {
		t.Errorf("reading fails: %v", err)
	}
}
