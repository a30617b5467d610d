package app

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Submission is a bulk command to be carried out in the background: the one
// that Kind names. Its own Command is that of the submission.
type Submission struct {
	Command
	Kind          ports.OperationKind
	Registrations RegisterDevices
	Transfer      TransferDevices
	Renewal       RenewDevices
}

// storedRequest is what all chunks of an operation have in common: the
// submission without its items, and who submitted it.
type storedRequest struct {
	Caller     access.Caller
	Submission Submission
}

// storedItem is one item of an operation. Duplicate: the device stands in an
// earlier item, perhaps of another chunk.
type storedItem struct {
	Registration *Registration `json:",omitempty"`
	Device       string        `json:",omitempty"`
	Duplicate    bool          `json:",omitempty"`
}

// Submit starts an operation. The operation has the id of the command, so that
// a repeat is the same operation. What is wrong with the request as a whole is
// refused at once; items are looked at later.
func (a *App) Submit(ctx context.Context, caller access.Caller, s Submission) (ports.Operation, error) {
	if s.ID == uuid.Nil {
		s.ID = uuid.New()
	}
	items, err := s.items(caller)
	if err != nil {
		return ports.Operation{}, err
	}
	if s.atomic() && len(items) > maxTogether {
		return ports.Operation{}, domain.Refuse(batchTooLarge)
	}
	x := a.access(caller)
	switch s.Kind {
	case ports.OperationRegistration:
		err = x.write(ctx, caller.Account(), rights.DevicesRegister)
	case ports.OperationTransfer:
		err = x.open(ctx, rights.DevicesTransfer)
	default:
		err = x.open(ctx, rights.DevicesRenew)
	}
	if err != nil {
		return ports.Operation{}, err
	}
	if s.Renewal.Align.NeedsSelection() { // which no chunk sees as a whole
		selected, err := a.devicesNamed(ctx, s.Renewal.Devices)
		if err != nil {
			return ports.Operation{}, err
		}
		if s.Renewal.Align, err = align(ctx, x, s.Renewal.Align, selected, calendar.DateOf(a.clock.Now())); err != nil {
			return ports.Operation{}, err
		}
	}
	encoded := make([][]byte, len(items))
	for i, item := range items {
		if encoded[i], err = json.Marshal(item); err != nil {
			return ports.Operation{}, fmt.Errorf("submit: %w", err)
		}
	}
	request, err := json.Marshal(storedRequest{caller, s.withoutItems()})
	if err != nil {
		return ports.Operation{}, fmt.Errorf("submit: %w", err)
	}
	op := ports.Operation{
		ID: s.ID, Kind: s.Kind, Account: caller.Own(), State: ports.OperationQueued, Total: len(items), CreatedAt: a.clock.Now().UTC(),
	}
	if err := a.operations.CreateOperation(ctx, op, request, encoded); err != nil {
		return ports.Operation{}, err
	}
	return a.operations.Operation(ctx, s.ID)
}

// items are those of the submission, in request order.
func (s Submission) items(caller access.Caller) ([]storedItem, error) {
	var items []storedItem
	var err error
	seen := duplicates{}
	switch s.Kind {
	case ports.OperationRegistration:
		err = s.check()
		for _, row := range s.Registrations.Items {
			row = readable(row)
			item := storedItem{Registration: &row}
			if serial, p := device.NormaliseSerial(row.SerialNumber); len(p) == 0 {
				item.Duplicate = len(seen.check(device.UID(serial))) > 0
			}
			items = append(items, item)
		}
	case ports.OperationTransfer:
		_, err = s.Transfer.checked(caller)
		items = deviceItems(s.Transfer.Devices, seen)
	case ports.OperationRenewal:
		_, err = s.Renewal.checked()
		items = deviceItems(s.Renewal.Devices, seen)
	default:
		err = domain.Refuse(domain.Problem{Code: CodeKindInvalid, Detail: "There is no such kind of operation."})
	}
	return items, err
}

func deviceItems(names []string, seen duplicates) []storedItem {
	items := make([]storedItem, len(names))
	for i, name := range names {
		items[i].Device = withoutNUL(name)
		if uid, ok := deviceUID(name); ok {
			items[i].Duplicate = len(seen.check(uid)) > 0
		}
	}
	return items
}

// readable replaces NUL, which the database's JSON cannot hold, by the
// replacement character, which is refused just as NUL is.
func readable(r Registration) Registration {
	for _, field := range []*string{
		&r.Ref, &r.SerialNumber, &r.IMEI, &r.MAC, &r.ESN, &r.Model, &r.Name, (*string)(&r.Offer), &r.ICCID, &r.OrderNumber,
	} {
		*field = withoutNUL(*field)
	}
	labels := make([]string, len(r.Labels))
	for i, l := range r.Labels {
		labels[i] = withoutNUL(l)
	}
	r.Labels = labels
	return r
}

func withoutNUL(s string) string { return strings.ReplaceAll(s, "\x00", "\uFFFD") }

func (s Submission) withoutItems() Submission {
	s.Registrations.Items, s.Transfer.Devices, s.Renewal.Devices = nil, nil, nil
	return s
}

func (s Submission) atomic() bool {
	return s.Kind == ports.OperationRegistration && s.Registrations.Atomic ||
		s.Kind == ports.OperationTransfer && s.Transfer.Atomic ||
		s.Kind == ports.OperationRenewal && s.Renewal.Atomic
}

func (s Submission) dryRun() bool {
	return s.Kind == ports.OperationRegistration && s.Registrations.DryRun ||
		s.Kind == ports.OperationTransfer && s.Transfer.DryRun ||
		s.Kind == ports.OperationRenewal && s.Renewal.DryRun
}

// Operation shows an operation to those of the account that submitted it, to its
// auditors, and to the operator.
func (a *App) Operation(ctx context.Context, caller access.Caller, id uuid.UUID) (ports.Operation, error) {
	op, err := a.operations.Operation(ctx, id)
	if err != nil {
		return ports.Operation{}, err
	}
	if !caller.Operator() && !caller.Belongs(op.Account) {
		return ports.Operation{}, query.ErrNotFound
	}
	return op, nil
}

// OperationResults gives up to limit results in request order, after the first
// so many, as far as there are any yet. An auditor is shown no devices of
// accounts that the grant does not name: who submitted the operation saw them by
// a partnership.
func (a *App) OperationResults(ctx context.Context, caller access.Caller, id uuid.UUID, after, limit int) ([]ItemResult, error) {
	if _, err := a.Operation(ctx, caller, id); err != nil {
		return nil, err
	}
	encoded, err := a.operations.OperationResults(ctx, id, after, limit)
	if err != nil {
		return nil, err
	}
	results := make([]ItemResult, len(encoded))
	for i, data := range encoded {
		if err := json.Unmarshal(data, &results[i]); err != nil {
			return nil, fmt.Errorf("result %d of operation %s: %w", after+i, id, err)
		}
		if d := results[i].Device; d != nil && caller.Auditor() && !caller.Belongs(d.Account) {
			results[i].Device = nil
		}
	}
	return results, nil
}
