package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/order"
)

// Hidden are the members of events that nobody is told: what tokens are checked against,
// names of what is kept elsewhere, and of reservations, which tell of values.
var Hidden = []string{
	"tokenHash", "credential", "replaced", "reservation", "emailReservation", "wantedReservation", "earlierReservations",
}

var hidden = func() map[string]bool {
	all := map[string]bool{}
	for _, name := range Hidden {
		all[name] = true
	}
	return all
}()

// dataOf is an event's data without what nobody is told.
func dataOf(e domain.Event) (map[string]any, error) {
	encoded, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	var data map[string]any
	if err := decoder.Decode(&data); err != nil {
		return nil, err
	}
	conceal(data)
	return data, nil
}

func conceal(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if hidden[name] {
				delete(v, name)
			} else {
				conceal(member)
			}
		}
	case []any:
		for _, member := range v {
			conceal(member)
		}
	}
}

// part is what the caller is told of an event that is about accounts of which it does not
// see all; false: nothing.
func (s *Service) part(ctx context.Context, scope *scope, i query.FeedItem, r eventlog.Recorded, data map[string]any) (map[string]any, bool, error) {
	switch {
	case i.Device != uuid.Nil:
		return side(data, scope.in[i.Need][i.Accounts[len(i.Accounts)-1]]), true, nil
	case strings.HasPrefix(i.Stream, order.Aggregate.Prefix()):
		lines, err := s.lines(ctx, r)
		if err != nil {
			return nil, false, err
		}
		return data, only(data, func(device string) bool { return scope.in[i.Need][lines[device]] }), nil
	}
	return data, true, nil
}

// side is what one of two accounts is told of a device that goes from one to the other:
// who gets it, all but where it came from; who had it, that it has gone.
func side(data map[string]any, gets bool) map[string]any {
	if gets {
		delete(data, "from")
		return data
	}
	left := map[string]any{}
	for _, name := range []string{"device", "from", "transfer"} {
		if v, ok := data[name]; ok {
			left[name] = v
		}
	}
	return left
}

// lines are the accounts of an order's devices.
func (s *Service) lines(ctx context.Context, r eventlog.Recorded) (map[string]uuid.UUID, error) {
	uid, _ := order.Aggregate.UID(r.Stream)
	l, err := eventlog.Load(ctx, s.log, order.Aggregate, uid)
	if err != nil {
		return nil, err
	}
	lines := make(map[string]uuid.UUID, len(l.State.Devices))
	for _, d := range l.State.Devices {
		lines[d.Device.String()] = d.Account
	}
	return lines, nil
}

// only leaves of an event's devices those that are seen, and reports whether there are
// any.
func only(data map[string]any, seen func(device string) bool) bool {
	all, listed := data["devices"].([]any)
	if !listed {
		return true
	}
	kept := make([]any, 0, len(all))
	for _, d := range all {
		name, _ := d.(string)
		if line, ok := d.(map[string]any); ok {
			name, _ = line["device"].(string)
		}
		if seen(name) {
			kept = append(kept, d)
		}
	}
	data["devices"] = kept
	return len(kept) > 0
}
