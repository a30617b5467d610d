package api_test

import (
	"context"
	"net/netip"
	"sync"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
)

// fake stands in for app where only the wire is looked at: what goes in as
// JSON, CSV and headers, what comes out. It notes the last call and answers
// what it was told to. Behaviour is tested with the real one, in flow_test.go.
type fake struct {
	api.App // what a test does not set panics, and that is a 500

	mu     sync.Mutex
	caller access.Caller
	got    any // the command or query
	calls  int

	err        error
	bulk       app.BulkResult
	created    app.CreatedAccount
	written    app.Written
	devices    []query.List[query.DeviceRow] // a page for each call
	customers  query.List[query.CustomerRow]
	accounts   query.List[query.AccountRow]
	account    query.AccountRow
	partners   []query.PartnershipRow
	history    []app.HistoryItem
	operation  ports.Operation
	results    []app.ItemResult
	position   eventlog.Position
	duringCall func()
}

func (*fake) Admit(context.Context, access.Caller, netip.Addr) error { return nil }

func (f *fake) note(c access.Caller, got any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.caller, f.got = c, got
	f.calls++
	if f.duringCall != nil {
		f.duringCall()
	}
}

func (f *fake) CreateCustomer(_ context.Context, c access.Caller, a app.CreateAccount) (app.CreatedAccount, error) {
	f.note(c, a)
	return f.created, f.err
}

func (f *fake) CreateAccount(_ context.Context, c access.Caller, a app.CreateAccount) (app.CreatedAccount, error) {
	f.note(c, a)
	return f.created, f.err
}

func (f *fake) ActivateAccount(_ context.Context, token string, a app.ActivateAccount) (app.Written, error) {
	f.note(access.Caller{}, []any{token, a.Name})
	return f.written, f.err
}

func (f *fake) Invitation(_ context.Context, token string) (app.Invited, error) {
	f.note(access.Caller{}, token)
	return app.Invited{
		Account: f.account, Person: f.account.Administrators[0], Administrator: true, Status: f.account.Status,
		Expires: f.account.InvitationExpires, PasswordMinimum: 12,
	}, f.err
}

func (f *fake) Self(context.Context, access.Caller) (account.Person, error) {
	return account.Person{}, nil
}

func (f *fake) CloseAccount(_ context.Context, c access.Caller, uid uuid.UUID, _ app.Command, r *eventlog.Revision) (app.Written, error) {
	f.note(c, []any{uid, r})
	return f.written, f.err
}

func (f *fake) ErasePerson(_ context.Context, c access.Caller, person uuid.UUID, _ app.Command) (app.Written, error) {
	f.note(c, person)
	return f.written, f.err
}

func (f *fake) RegisterDevices(_ context.Context, c access.Caller, r app.RegisterDevices) (app.BulkResult, error) {
	f.note(c, r)
	return f.bulk, f.err
}

func (f *fake) TransferDevices(_ context.Context, c access.Caller, r app.TransferDevices) (app.BulkResult, error) {
	f.note(c, r)
	return f.bulk, f.err
}

func (f *fake) RenewDevices(_ context.Context, c access.Caller, r app.RenewDevices) (app.BulkResult, error) {
	f.note(c, r)
	return f.bulk, f.err
}

func (f *fake) EditDevice(_ context.Context, c access.Caller, e app.EditDevice) (app.Written, error) {
	f.note(c, e)
	return f.written, f.err
}

func (f *fake) SuspendDevice(_ context.Context, c access.Caller, d app.DeviceCommand) (app.Written, error) {
	f.note(c, d)
	return f.written, f.err
}

func (f *fake) Customers(_ context.Context, c access.Caller, q query.CustomerQuery) (query.List[query.CustomerRow], error) {
	f.note(c, q)
	return f.customers, f.err
}

func (f *fake) Devices(_ context.Context, c access.Caller, q query.DeviceQuery) (query.List[query.DeviceRow], error) {
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

func (f *fake) Device(_ context.Context, c access.Caller, id string, fresh query.Freshness) (query.DeviceRow, eventlog.Position, error) {
	f.note(c, []any{id, fresh})
	if len(f.devices) == 0 {
		return query.DeviceRow{}, f.position, f.err
	}
	return f.devices[0].Items[0], f.position, f.err
}

func (f *fake) DeviceHistory(_ context.Context, c access.Caller, id string) ([]app.HistoryItem, error) {
	f.note(c, id)
	return f.history, f.err
}

func (f *fake) Accounts(_ context.Context, c access.Caller, q query.AccountQuery) (query.List[query.AccountRow], error) {
	f.note(c, q)
	return f.accounts, f.err
}

func (f *fake) Account(_ context.Context, c access.Caller, uid uuid.UUID, _ query.Freshness) (query.AccountRow, eventlog.Position, error) {
	f.note(c, uid)
	return f.account, f.position, f.err
}

func (f *fake) Partnerships(_ context.Context, c access.Caller, uid uuid.UUID, _ query.Freshness) ([]query.PartnershipRow, eventlog.Position, error) {
	f.note(c, uid)
	return f.partners, f.position, f.err
}

func (f *fake) Submit(_ context.Context, c access.Caller, s app.Submission) (ports.Operation, error) {
	f.note(c, s)
	return f.operation, f.err
}

func (f *fake) Operation(_ context.Context, c access.Caller, id uuid.UUID) (ports.Operation, error) {
	f.note(c, id)
	return f.operation, f.err
}

func (f *fake) OperationResults(_ context.Context, _ access.Caller, _ uuid.UUID, after, limit int) ([]app.ItemResult, error) {
	after = min(after, len(f.results))
	return f.results[after:min(len(f.results), after+limit)], f.err
}
