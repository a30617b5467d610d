// Package commandtest is a small fleet on a log in memory, made by the decisions
// of the domain, for tests of use cases.
package commandtest

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/eventlog/eventlogtest"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/aggregate"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Now is the instant at which the clock of a fleet stands still.
var Now = time.Date(2026, time.March, 10, 9, 0, 0, 0, time.UTC)

// Operator is the platform owner.
var Operator = domain.Actor{Kind: domain.ActorOperator, ID: "operator"}

// Fleet is accounts and their devices.
type Fleet struct {
	Log      *eventlogtest.Memory
	Executor *command.Executor
	t        testing.TB
}

type clock struct{}

func (clock) Now() time.Time { return Now }

// New is a fleet without accounts.
func New(t testing.TB) *Fleet {
	t.Helper()
	log := &eventlogtest.Memory{}
	return &Fleet{t: t, Log: log, Executor: &command.Executor{
		Log: log, Clock: clock{}, Limits: reservation.Limits{Places: device.DefaultRules.Places}, Logger: slog.New(slog.DiscardHandler),
	}}
}

// Reseller opens a reseller's account.
func (f *Fleet) Reseller(name string) uuid.UUID { return f.account(name, account.Reseller) }

// Customer opens the account of a reseller's customer, who chose the profile.
func (f *Fleet) Customer(name string, reseller uuid.UUID, profile string) uuid.UUID {
	f.t.Helper()
	uid := f.account(name, account.Standard)
	p, known := rights.Find(profile)
	require.True(f.t, known, profile)
	do(f, partnership.Aggregate, partnership.UID(reseller, uid), func(s partnership.State) ([]domain.Event, error) {
		return partnership.DecideEstablish(s, reseller, uid, p, Now)
	})
	return uid
}

func (f *Fleet) account(name string, kind account.Type) uuid.UUID {
	f.t.Helper()
	c := account.Create{
		UID: uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)), Name: name, Type: kind, Offers: catalogue.Offers,
		Administrator: account.Person{Email: "admin@" + name + ".example"},
	}
	do(f, account.Aggregate, c.UID, func(s account.State) ([]domain.Event, error) { return account.DecideCreate(s, c) })
	return c.UID
}

// Device registers device number n in an account, and gives its serial number.
func (f *Fleet) Device(n int, owner uuid.UUID) string {
	f.t.Helper()
	l, err := eventlog.Load(f.t.Context(), f.Log, account.Aggregate, owner)
	require.NoError(f.t, err)
	serial := fmt.Sprintf("LD%014d", n)
	model, problems := device.RecogniseModel(catalogue.Default(), serial, "")
	require.Empty(f.t, problems)
	c := device.Register{
		SerialNumber: serial, Factor: device.Factor{Kind: device.MAC, Value: fmt.Sprintf("%012X", n)}, Model: model, Name: serial,
		Owner: device.Owner{UID: owner, Type: l.State.Type, Status: l.State.Status, Offers: l.State.Offers},
		Today: f.Executor.Begin(Operator, command.Command{}).Today(), Rules: device.DefaultRules,
	}
	do(f, device.Aggregate, device.UID(serial), func(s device.State) ([]domain.Event, error) { return device.DecideRegister(s, c) })
	return serial
}

// Find is a device as the log has it.
func (f *Fleet) Find(serial string) device.State {
	f.t.Helper()
	l, err := eventlog.Load(f.t.Context(), f.Log, device.Aggregate, device.UID(serial))
	require.NoError(f.t, err)
	return l.State
}

// do carries out a decision, which must change something.
func do[S any](f *Fleet, a aggregate.Aggregate[S], uid uuid.UUID, decide command.Decide[S]) {
	f.t.Helper()
	r, err := command.Execute(f.t.Context(), f.Executor.Begin(Operator, command.Command{}), command.On(a, uid), decide)
	require.NoError(f.t, err)
	require.True(f.t, r.Done)
}
