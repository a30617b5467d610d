package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

// seedCallers append side by side.
const seedCallers = 32

// seeded is what the log was filled with.
type seeded struct {
	devices, events int
	bytes           int64 // of the events' data and metadata
	reseller        uuid.UUID
	customers       []uuid.UUID
}

// customers makes a reseller and its customers, by commands.
func (b *benchRun) customers(ctx context.Context) error {
	made, err := b.app.Accounts.Create(ctx, benchOperator, benchAccount("Bench", account.Reseller))
	if err != nil {
		return err
	}
	b.seeded.reseller = made.UID
	own := access.Caller{Actor: domain.Actor{Kind: domain.ActorToken, ID: "bench", Account: made.UID}, Administrator: true}
	b.seeded.customers = make([]uuid.UUID, b.Customers)
	var group errgroup.Group
	group.SetLimit(8)
	for i := range b.seeded.customers {
		group.Go(func() error {
			made, err := b.app.Accounts.CreateCustomer(ctx, own, benchAccount(fmt.Sprint("Customer ", i), ""))
			b.seeded.customers[i] = made.UID
			return err
		})
	}
	return group.Wait()
}

func benchAccount(name string, kind account.Type) accounts.Create {
	return accounts.Create{Name: name, Type: kind, Administrator: account.Contact{Email: uuid.NewString() + "@bench.example", Name: name}}
}

func (b *benchRun) seedSmaller(ctx context.Context) error { return b.seed(ctx, max(1, b.Devices/10)) }
func (b *benchRun) seedRest(ctx context.Context) error    { return b.seed(ctx, b.Devices) }

// seed records devices up to a number, without a command: what registers and renews them
// has rows of its own. Each fifth has been renewed, 1,000 by one renewal. Their ends are
// spread over two years.
func (b *benchRun) seed(ctx context.Context, upTo int) error {
	var next, bytes, events atomic.Int64
	next.Store(int64(b.seeded.devices))
	var group errgroup.Group
	for range seedCallers {
		group.Go(func() error {
			for i := int(next.Add(1)) - 1; i < upTo; i = int(next.Add(1)) - 1 {
				recorded := b.seedOf(i)
				uid := device.UID(seedSerial(i))
				if _, _, err := b.log.Append(ctx, device.Aggregate.Stream(uid), eventlog.NoStream, recorded...); err != nil {
					return err
				}
				n, err := sizeOf(recorded)
				if err != nil {
					return err
				}
				bytes.Add(n)
				events.Add(int64(len(recorded)))
			}
			return nil
		})
	}
	err := group.Wait()
	b.seeded.devices = upTo
	b.seeded.bytes += bytes.Load()
	b.seeded.events += int(events.Load())
	return err
}

func seedSerial(i int) string { return fmt.Sprintf("LS%014d", i) }

func (b *benchRun) seedOf(i int) []eventlog.NewEvent {
	today := calendar.DateOf(b.clock.Now())
	serial, end := seedSerial(i), today.AddDays(i*7%730)
	uid := device.UID(serial)
	all := []domain.Event{device.Registered{
		Device: uid, SerialNumber: serial, Factor: device.Factor{Kind: device.IMEI, Value: testIMEI(i)}, Model: "RV50X",
		Account: b.seeded.customers[i%len(b.seeded.customers)], Name: "engine " + serial, LifeCycle: device.Active, FirstRegistered: today,
		Service:  device.Service{Offer: catalogue.Complete, Source: device.Source("included"), Start: today, End: end, AnchorDay: end.Day()},
		Included: device.Allocation{Source: "included", Until: end},
	}}
	if i%5 == 0 {
		all = append(all, device.ServiceRenewed{Device: uid, Renewal: renewalOf(i / 5000), OldEnd: end, NewEnd: end.AddMonths(12, end.Day()), AnchorDay: end.Day()})
	}
	recorded := make([]eventlog.NewEvent, len(all))
	for n, e := range all {
		recorded[n] = eventlog.NewEvent{ID: uuid.New(), Event: e, Metadata: eventlog.Metadata{
			OccurredAt: b.clock.Now(), Actor: benchOperator.Actor, CorrelationID: uuid.NewString(), CausationID: uuid.NewString(),
		}}
	}
	return recorded
}

func renewalOf(n int) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, "bench ", n)) }

// sizeOf is how many bytes events have in the log.
func sizeOf(events []eventlog.NewEvent) (n int64, err error) {
	for _, e := range events {
		_, _, data, err := eventlog.Codec.Encode(e.Event)
		if err != nil {
			return 0, err
		}
		metadata, err := json.Marshal(e.Metadata)
		if err != nil {
			return 0, err
		}
		n += int64(len(data) + len(metadata))
	}
	return n, nil
}
