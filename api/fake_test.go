package api_test

import (
	"context"
	"net/netip"
	"sync"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/catalogues"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/operations"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// fake stands in for app where only the wire is looked at: what goes in as
// JSON, CSV and headers, what comes out. It notes the last call and answers
// what it was told to. Behaviour is tested with the real one, in flow_test.go.
//
// What it does not know panics, and that is a 500.
type fake struct {
	mu     sync.Mutex
	caller access.Caller
	got    any // the command or query
	calls  int

	err        error
	bulk       command.BulkResult
	created    command.Receipt
	receipt    command.Receipt
	devices    []query.List[query.DeviceRow] // a page for each call
	customers  query.List[query.CustomerRow]
	accounts   query.List[query.AccountRow]
	account    query.AccountRow
	partners   []query.PartnershipRow
	history    []devices.HistoryItem
	operation  ports.Operation
	results    []command.ItemResult
	position   eventlog.Position
	duringCall func()
}

type (
	fakeCatalogues struct {
		api.Catalogues
		*fake
	}
	fakeAccounts struct {
		api.Accounts
		*fake
	}
	fakePeople struct {
		api.People
		*fake
	}
	fakePartnerships struct {
		api.Partnerships
		*fake
	}
	fakeDevices struct {
		api.Devices
		*fake
	}
	fakeTransfers struct {
		api.Transfers
		*fake
	}
	fakeRenewals struct {
		api.Renewals
		*fake
	}
	fakeOperations struct {
		api.Operations
		*fake
	}
)

// app is the fake as the capabilities that handlers use.
func (f *fake) app() api.App {
	return api.App{
		Accounts:     fakeAccounts{fake: f},
		People:       fakePeople{fake: f},
		Partnerships: fakePartnerships{fake: f},
		Devices:      fakeDevices{fake: f},
		Catalogues:   fakeCatalogues{fake: f},
		Transfers:    fakeTransfers{fake: f},
		Renewals:     fakeRenewals{fake: f},
		Operations:   fakeOperations{fake: f},
	}
}

// InForce is the catalogue of the file.
func (fakeCatalogues) InForce(context.Context) (catalogues.InForce, error) {
	return catalogues.InForce{Catalogue: catalogue.Default(), Revision: eventlog.NoStream}, nil
}

func (fakeAccounts) Admit(context.Context, access.Caller, netip.Addr) error { return nil }

func (f *fake) note(c access.Caller, got any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.caller, f.got = c, got
	f.calls++
	if f.duringCall != nil {
		f.duringCall()
	}
}

func (f fakeAccounts) CreateCustomer(_ context.Context, c access.Caller, a accounts.Create) (command.Receipt, error) {
	f.note(c, a)
	return f.created, f.err
}

func (f fakeAccounts) Create(_ context.Context, c access.Caller, a accounts.Create) (command.Receipt, error) {
	f.note(c, a)
	return f.created, f.err
}

func (f fakePeople) Activate(_ context.Context, token string, a people.Activate) (command.Receipt, error) {
	f.note(access.Caller{}, []any{token, a.Name})
	return f.receipt, f.err
}

func (f fakePeople) Invitation(_ context.Context, token string) (people.Invited, error) {
	f.note(access.Caller{}, token)
	return people.Invited{
		Account: f.account, Person: f.account.Administrators[0], Administrator: true, Status: f.account.Status,
		Expires: f.account.InvitationExpires, PasswordMinimum: 12,
	}, f.err
}

func (f fakePeople) Self(context.Context, access.Caller) (people.Self, error) {
	return people.Self{}, nil
}

func (f fakeAccounts) Holdings(context.Context, access.Caller, uuid.UUID) (account.Holdings, error) {
	return account.Holdings{}, nil
}

func (f fakeAccounts) Own(_ context.Context, c access.Caller) (account.State, error) {
	return account.State{UID: c.Own(), Name: "Alder", Type: account.Standard}, nil
}

func (f fakeAccounts) Close(_ context.Context, c access.Caller, v accounts.Close) (command.Receipt, error) {
	f.note(c, []any{v.Account, v.IfRevision})
	return f.receipt, f.err
}

func (f fakePeople) Erase(_ context.Context, c access.Caller, person uuid.UUID, _ command.Command) (command.Receipt, error) {
	f.note(c, person)
	return f.receipt, f.err
}

func (f fakeDevices) Register(_ context.Context, c access.Caller, r devices.Register) (command.BulkResult, error) {
	f.note(c, r)
	return f.bulk, f.err
}

func (f fakeTransfers) Transfer(_ context.Context, c access.Caller, r transfers.Transfer) (command.BulkResult, error) {
	f.note(c, r)
	return f.bulk, f.err
}

func (f fakeRenewals) Renew(_ context.Context, c access.Caller, r renewals.Renew) (command.BulkResult, error) {
	f.note(c, r)
	return f.bulk, f.err
}

func (f fakeDevices) Edit(_ context.Context, c access.Caller, e devices.Edit) (command.Receipt, error) {
	f.note(c, e)
	return f.receipt, f.err
}

func (f fakeDevices) Suspend(_ context.Context, c access.Caller, d devices.LifeCycle) (command.Receipt, error) {
	f.note(c, d)
	return f.receipt, f.err
}

func (f fakeAccounts) Customers(_ context.Context, c access.Caller, q query.CustomerQuery) (query.List[query.CustomerRow], error) {
	f.note(c, q)
	return f.customers, f.err
}

func (f fakeDevices) List(_ context.Context, c access.Caller, q query.DeviceQuery) (query.List[query.DeviceRow], error) {
	f.note(c, q)
	if len(f.devices) == 0 {
		return query.List[query.DeviceRow]{}, f.err
	}
	page := f.devices[0]
	if len(f.devices) > 1 {
		f.devices = f.devices[1:]
	}
	return page, f.err
}

func (f fakeDevices) Get(_ context.Context, c access.Caller, id string, fresh query.Freshness) (query.DeviceRow, eventlog.Position, error) {
	f.note(c, []any{id, fresh})
	if len(f.devices) == 0 {
		return query.DeviceRow{}, f.position, f.err
	}
	return f.devices[0].Items[0], f.position, f.err
}

func (f fakeDevices) History(_ context.Context, c access.Caller, id string) ([]devices.HistoryItem, error) {
	f.note(c, id)
	return f.history, f.err
}

func (f fakeAccounts) List(_ context.Context, c access.Caller, q query.AccountQuery) (query.List[query.AccountRow], error) {
	f.note(c, q)
	return f.accounts, f.err
}

func (f fakeAccounts) Get(_ context.Context, c access.Caller, uid uuid.UUID, _ query.Freshness) (query.AccountRow, eventlog.Position, error) {
	f.note(c, uid)
	return f.account, f.position, f.err
}

func (f fakePartnerships) List(_ context.Context, c access.Caller, uid uuid.UUID, _ query.Freshness) ([]query.PartnershipRow, eventlog.Position, error) {
	f.note(c, uid)
	return f.partners, f.position, f.err
}

func (f fakeOperations) Submit(_ context.Context, c access.Caller, s operations.Submission) (ports.Operation, error) {
	f.note(c, s)
	return f.operation, f.err
}

func (f fakeOperations) Get(_ context.Context, c access.Caller, id uuid.UUID) (ports.Operation, error) {
	f.note(c, id)
	return f.operation, f.err
}

func (f fakeOperations) Results(_ context.Context, _ access.Caller, _ uuid.UUID, after, limit int) ([]command.ItemResult, error) {
	after = min(after, len(f.results))
	return f.results[after:min(len(f.results), after+limit)], f.err
}
