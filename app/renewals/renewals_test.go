package renewals_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/command/commandtest"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// desk is a reseller with two customers, one of which lets it renew.
type desk struct {
	*commandtest.Fleet
	*renewals.Service
	reseller, renewing, reading uuid.UUID
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{Fleet: commandtest.New(t)}
	d.reseller = d.Reseller("north")
	d.renewing, d.reading = d.Customer("delta", d.reseller, "renewals"), d.Customer("alder", d.reseller, "read-only")
	d.Service = renewals.New(d.Executor, &access.Control{Log: d.Log, Clock: d.Executor.Clock}, nil, device.DefaultRules)
	return d
}

func administratorOf(uid uuid.UUID) access.Caller {
	return access.Caller{Actor: domain.Actor{Kind: domain.ActorToken, ID: "token", Account: uid}, Administrator: true}
}

func operator() access.Caller { return access.Caller{Actor: commandtest.Operator} }

func outcomes(r command.BulkResult) []string {
	var all []string
	for _, item := range r.Results {
		said := []string{string(item.Outcome)}
		for _, p := range item.Problems {
			said = append(said, p.Code)
		}
		all = append(all, strings.Join(said, " "))
	}
	return all
}

func TestRenewalNeedsTheRightWhereTheDeviceIs(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	hidden := d.Device(3, d.Customer("birch", d.Reseller("south"), "full"))
	c := renewals.Renew{
		Devices: []string{d.Device(1, d.renewing), d.Device(2, d.reading), hidden, "no name at all", hidden}, Term: calendar.Months(12),
	}
	r, err := d.Renew(t.Context(), administratorOf(d.reseller), c)
	require.NoError(t, err)
	require.Equal(t, []string{
		"renewed", "refused missing_right", "refused device_not_found", "refused device_not_found", "refused duplicate_in_request",
	}, outcomes(r))
	r, err = d.Renew(t.Context(), operator(), c)
	require.NoError(t, err)
	require.Equal(t, []string{"renewed", "renewed", "renewed", "refused device_not_found", "refused duplicate_in_request"}, outcomes(r))
	require.NotNil(t, r.Results[2].Device, "the operator sees all")
}

// Each device is read once, and each account's partnership, however many devices
// it has. The operator's rights are not looked up.
func TestReadsOfARenewal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		by    func(*desk) access.Caller
		reads map[string]int
	}{
		"by the reseller": {func(d *desk) access.Caller { return administratorOf(d.reseller) }, map[string]int{"account": 1, "partnership": 1, "device": 3}},
		"by the operator": {func(*desk) access.Caller { return operator() }, map[string]int{"device": 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			serials := []string{d.Device(1, d.renewing), d.Device(2, d.renewing), d.Device(3, d.renewing)}
			d.Log.Count()
			r, err := d.Renew(t.Context(), c.by(d), renewals.Renew{Devices: serials, Align: device.Alignment{Kind: device.AlignLatest}})
			require.NoError(t, err)
			require.Equal(t, []string{"unchanged", "unchanged", "unchanged"}, outcomes(r))
			reads := map[string]int{}
			for _, stream := range d.Log.Reads() {
				kind, _, _ := strings.Cut(stream, "-")
				reads[kind]++
			}
			require.Equal(t, c.reads, reads)
		})
	}
}

// A device that moves during the request is decided on anew; what the caller may
// do in its new account was not asked.
func TestDeviceMovesMeanwhile(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	serial := d.Device(1, d.renewing)
	stream := device.Aggregate.Stream(device.UID(serial))
	moved := false
	d.Log.BeforeAppend(func(to string) {
		if to == stream && !moved {
			moved = true
			env := d.Executor.Begin(commandtest.Operator, command.Command{})
			_, _, err := d.Log.Append(t.Context(), stream, 0, env.Once(device.Transferred{
				Device: device.UID(serial), From: d.renewing, To: d.reading, Name: serial,
			}))
			require.NoError(t, err)
		}
	})
	r, err := d.Renew(t.Context(), administratorOf(d.reseller), renewals.Renew{Devices: []string{serial}, Term: calendar.Months(12)})
	require.NoError(t, err)
	require.Equal(t, []string{"refused device_busy"}, outcomes(r))
}

// An alignment is found among the devices that the caller may renew.
func TestAlign(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	serials := []string{d.Device(1, d.renewing), d.Device(2, d.renewing), d.Device(3, d.reading)}
	for i, term := range []int{12, 36, 60} {
		_, err := d.Renew(t.Context(), operator(), renewals.Renew{Devices: serials[i : i+1], Term: calendar.Months(term)})
		require.NoError(t, err)
	}
	latest := device.Alignment{Kind: device.AlignLatest}
	for by, want := range map[*access.Caller]calendar.Date{
		new(administratorOf(d.reseller)): d.Find(serials[1]).Service.End,
		new(operator()):                  d.Find(serials[2]).Service.End,
	} {
		found, err := d.Align(t.Context(), *by, latest, serials)
		require.NoError(t, err)
		require.Equal(t, want, found.Day)
	}
	found, err := d.Align(t.Context(), administratorOf(d.reading), latest, serials[:2])
	require.NoError(t, err)
	require.True(t, found.NeedsSelection(), "what the caller does not see tells nothing")
}

func TestPreviewTellsWhatTheOrderDoes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := renewals.Renew{Devices: []string{d.Device(1, d.renewing), d.Device(2, d.reading)}, Term: calendar.Months(12)}
	d.Log.Count()
	previews, err := d.Preview(t.Context(), administratorOf(d.reseller), c)
	require.NoError(t, err)
	require.Empty(t, d.Log.Appends())
	require.Equal(t, domain.OutcomeRefused, previews[1].Outcome)
	require.Equal(t, d.Find(c.Devices[1]).Service.End, previews[1].CurrentEnd, "it is seen all the same")
	_, err = d.Renew(t.Context(), administratorOf(d.reseller), c)
	require.NoError(t, err)
	require.Equal(t, d.Find(c.Devices[0]).Service.End, previews[0].NewEnd)
}

func TestGrant(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	serial := d.Device(1, d.renewing)
	c := renewals.Grant{Device: serial, Term: calendar.Months(36)}
	_, err := d.Grant(t.Context(), administratorOf(d.renewing), c)
	require.ErrorIs(t, err, access.ErrForbidden)
	d.Log.Count()
	receipt, err := d.Grant(t.Context(), operator(), c)
	require.NoError(t, err)
	require.Equal(t, []string{device.Aggregate.Stream(device.UID(serial))}, d.Log.Reads())
	require.Equal(t, device.UID(serial), receipt.UID)
	require.Equal(t, device.SourceGranted, d.Find(serial).Service.Source)
}
