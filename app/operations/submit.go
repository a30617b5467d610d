package operations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// CodeKindInvalid says that there is no such kind of operation. It is part of the
// interface and never changes.
const CodeKindInvalid = "kind_invalid"

// Submission is a bulk command to be carried out in the background: the one
// that Kind names. Its own Command is that of the submission.
type Submission struct {
	command.Command
	Kind          ports.OperationKind
	Registrations devices.Register
	Transfer      transfers.Transfer
	Renewal       renewals.Renew
	Change        devices.ChangeMany
}

// storedRequest is what all chunks of an operation have in common: the
// submission without its items, and who submitted it. It is kept as JSON under
// the names of its fields.
type storedRequest struct {
	Caller     access.Caller
	Submission Submission
}

// storedItem is one item of an operation, kept likewise. Duplicate: the device
// stands in an earlier item, perhaps of another chunk.
type storedItem struct {
	Registration *devices.Registration `json:",omitempty"`
	Device       string                `json:",omitempty"`
	Duplicate    bool                  `json:",omitempty"`
}

// Submit starts an operation. What is wrong with the request as a whole is
// refused at once, with the rights of the bulk command; items are looked at later. An
// account has so many under way at most (*TooMany).
func (s *Service) Submit(ctx context.Context, caller access.Caller, c Submission) (ports.Operation, error) {
	if c.ID == uuid.Nil {
		c.ID = uuid.New()
	}
	items, err := c.items(caller)
	if err != nil {
		return ports.Operation{}, err
	}
	if c.atomic() {
		if err := command.CheckAtomic(len(items)); err != nil {
			return ports.Operation{}, err
		}
	}
	if err := s.mayStart(ctx, caller, c); err != nil {
		return ports.Operation{}, err
	}
	if err := s.mayQueue(ctx, caller, c.ID); err != nil {
		return ports.Operation{}, err
	}
	if c.Kind == ports.OperationRenewal { // no chunk sees the selection as a whole
		if c.Renewal.Align, err = s.renewals.Align(ctx, caller, c.Renewal.Align, c.Renewal.Devices); err != nil {
			return ports.Operation{}, err
		}
	}
	encoded := make([][]byte, len(items))
	for i, item := range items {
		if encoded[i], err = json.Marshal(item); err != nil {
			return ports.Operation{}, fmt.Errorf("submit: %w", err)
		}
	}
	request, err := json.Marshal(storedRequest{caller, c.withoutItems()})
	if err != nil {
		return ports.Operation{}, fmt.Errorf("submit: %w", err)
	}
	op := ports.Operation{
		ID: c.ID, Kind: c.Kind, Account: caller.Own(), State: ports.OperationQueued, Total: len(items), CreatedAt: s.executor.Clock.Now().UTC(),
	}
	if err := s.store.CreateOperation(ctx, op, request, encoded); err != nil {
		return ports.Operation{}, err
	}
	return s.store.Operation(ctx, c.ID)
}

// TooMany refuses an operation of an account that has as many under way as it may have.
type TooMany struct{ Most int }

func (e *TooMany) Error() string {
	return fmt.Sprintf("too many operations under way, %d is the most", e.Most)
}

// mayQueue bounds the operations that an account has under way (*TooMany). One that was
// queued already is the same one.
func (s *Service) mayQueue(ctx context.Context, caller access.Caller, id uuid.UUID) error {
	if s.most == 0 || caller.Own() == uuid.Nil {
		return nil
	}
	open, err := s.store.OpenOperations(ctx, caller.Own())
	if err != nil || open < s.most {
		return err
	}
	if _, err := s.store.Operation(ctx, id); !errors.Is(err, query.ErrNotFound) {
		return err
	}
	return &TooMany{s.most}
}

// mayStart requires what the bulk command requires of the request as a whole, and that
// there is an account in which the caller has the right that its items need: an order
// of renewals is for all devices that the caller sees.
func (s *Service) mayStart(ctx context.Context, caller access.Caller, c Submission) error {
	req := s.access.Request(caller)
	switch c.Kind {
	case ports.OperationRegistration:
		return req.RequireWrite(ctx, caller.Account(), rights.DevicesRegister)
	case ports.OperationTransfer:
		from := c.Transfer.From
		if from == uuid.Nil {
			from = caller.Account()
		}
		return req.RequireWrite(ctx, from, rights.DevicesTransfer)
	case ports.OperationDeviceChange:
		return req.RequireSomewhere(ctx, c.Change.Right())
	}
	return req.RequireSomewhere(ctx, rights.DevicesRead)
}

// items are those of the submission, in request order.
func (c Submission) items(caller access.Caller) ([]storedItem, error) {
	seen := command.Duplicates{}
	switch c.Kind {
	case ports.OperationRegistration:
		return registrationItems(c.Registrations.Items, seen), c.Check()
	case ports.OperationTransfer:
		_, err := c.Transfer.Normalise(caller)
		return deviceItems(c.Transfer.Devices, seen), err
	case ports.OperationRenewal:
		_, err := c.Renewal.Normalise()
		return deviceItems(c.Renewal.Devices, seen), err
	case ports.OperationDeviceChange:
		_, err := c.Change.Normalise()
		return deviceItems(c.Change.Devices, seen), err
	}
	return nil, domain.Refuse(domain.Problem{Code: CodeKindInvalid, Detail: "There is no such kind of operation."})
}

func registrationItems(rows []devices.Registration, seen command.Duplicates) []storedItem {
	items := make([]storedItem, len(rows))
	for i, row := range rows {
		row = readable(row)
		items[i].Registration = &row
		if serial, p := device.NormaliseSerial(row.SerialNumber); len(p) == 0 {
			items[i].Duplicate = len(seen.Check(device.UID(serial))) > 0
		}
	}
	return items
}

func deviceItems(names []string, seen command.Duplicates) []storedItem {
	items := make([]storedItem, len(names))
	for i, name := range names {
		items[i].Device = withoutNUL(name)
		if uid, ok := device.Named(name); ok {
			items[i].Duplicate = len(seen.Check(uid)) > 0
		}
	}
	return items
}

// readable replaces NUL, which the database's JSON cannot hold, by the
// replacement character, which is refused just as NUL is.
func readable(r devices.Registration) devices.Registration {
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

func (c Submission) withoutItems() Submission {
	c.Registrations.Items, c.Transfer.Devices, c.Renewal.Devices, c.Change.Devices = nil, nil, nil, nil
	return c
}

func (c Submission) atomic() bool {
	return c.Kind == ports.OperationRegistration && c.Registrations.Atomic ||
		c.Kind == ports.OperationTransfer && c.Transfer.Atomic ||
		c.Kind == ports.OperationRenewal && c.Renewal.Atomic ||
		c.Kind == ports.OperationDeviceChange && c.Change.Atomic
}

func (c Submission) dryRun() bool {
	return c.DryRun || c.Kind == ports.OperationTransfer && c.Transfer.DryRun
}
