package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/catalogues"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/models"
)

// modelNumber is a model that the file does not have.
func modelNumber(n int) models.Definition {
	return models.Definition{
		Name: fmt.Sprint("ZZ", n), SerialPattern: fmt.Sprintf("^ZZ%03d[0-9]{11}$", n), Offers: []catalogue.Offer{catalogue.Basic, catalogue.Complete},
		DefaultOffer: catalogue.Basic, IncludedMonths: 24,
	}
}

func (w *world) put(on *app.App, m models.Definition) catalogues.Edited {
	w.t.Helper()
	edited, err := on.Catalogues.Put(w.ctx, operator(), catalogues.Put{Edit: catalogues.Edit{Command: newCommand()}, Model: m})
	require.NoError(w.t, err)
	return edited
}

func (w *world) withdraw(on *app.App, name string) catalogues.Edited {
	w.t.Helper()
	edited, err := on.Catalogues.Withdraw(w.ctx, operator(), catalogues.Withdraw{Edit: catalogues.Edit{Command: newCommand()}, Model: name})
	require.NoError(w.t, err)
	return edited
}

// An edit on one instance is what the next command on another one decides on:
// registrations recognise the model, transfers and plans offer what it runs on.
func TestCatalogueIsInForceOnAllInstances(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.with(w.log)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	row := func(n int) devices.Registration {
		return devices.Registration{SerialNumber: fmt.Sprintf("ZZ001%011d", n), IMEI: imei(n)}
	}
	register := func(on *app.App, n int) command.ItemResult {
		r, err := on.Devices.Register(w.ctx, administratorOf(reseller), devices.Register{Command: newCommand(), Items: []devices.Registration{row(n)}})
		require.NoError(t, err)
		return r.Results[0]
	}
	planned := func() (codes []string) {
		plan, err := other.Transfers.Plan(w.ctx, administratorOf(reseller), transfers.Transfer{
			Command: newCommand(), From: reseller, To: customer, Devices: []string{row(1).SerialNumber}, Offer: catalogue.Basic,
		})
		require.NoError(t, err)
		for _, p := range plan.Devices[0].Problems {
			codes = append(codes, p.Code)
		}
		return codes
	}
	require.Equal(t, device.CodeModelUnknown, register(other, 1).Problems[0].Code)

	w.put(w.App, modelNumber(1))
	registered := register(other, 1)
	require.Empty(t, registered.Problems)
	require.Equal(t, "ZZ1", registered.Device.Model)
	require.NotContains(t, planned(), device.CodeOfferNotAvailable)

	revised := modelNumber(1)
	revised.Offers, revised.DefaultOffer = []catalogue.Offer{catalogue.Complete}, catalogue.Complete
	w.put(w.App, revised)
	require.Contains(t, planned(), device.CodeOfferNotAvailable)

	w.withdraw(other, "ZZ1")
	require.Equal(t, device.CodeModelUnknown, register(w.App, 2).Problems[0].Code)
	w.put(other, modelNumber(1))
	require.Empty(t, register(w.App, 2).Problems)
	w.later()
	w.invariants()
}

func TestEditsOfTheCatalogue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	edit := catalogues.Edit{Command: newCommand()}
	put := catalogues.Put{Edit: edit, Model: modelNumber(1)}
	for _, caller := range []access.Caller{administratorOf(uuid.New()), {}} {
		_, err := w.Catalogues.Put(w.ctx, caller, put)
		require.ErrorIs(t, err, access.ErrForbidden)
		_, err = w.Catalogues.Withdraw(w.ctx, caller, catalogues.Withdraw{Edit: edit, Model: "MP70"})
		require.ErrorIs(t, err, access.ErrForbidden)
	}
	before := w.end()

	dry := put
	dry.DryRun = true
	edited, err := w.Catalogues.Put(w.ctx, operator(), dry)
	require.NoError(t, err)
	require.Equal(t, "ZZ1", edited.Model.Name)
	_, known := w.catalogue().Model("ZZ1")
	require.False(t, known, "a dry run")
	require.Equal(t, before, w.end())

	put.Model.Name = " zz1 "
	edited, err = w.Catalogues.Put(w.ctx, operator(), put)
	require.NoError(t, err)
	require.Equal(t, "ZZ1", edited.Model.Name)
	require.Equal(t, eventlog.Revision(0), edited.Revision)
	again, err := w.Catalogues.Put(w.ctx, operator(), put)
	require.NoError(t, err)
	require.Equal(t, edited.Revision, again.Revision, "the same command")

	wrong := put
	wrong.Command, wrong.IfRevision = newCommand(), new(eventlog.NoStream)
	_, err = w.Catalogues.Put(w.ctx, operator(), wrong)
	require.ErrorIs(t, err, command.ErrPrecondition)
	overlapping := put
	overlapping.Command, overlapping.Model.Name = newCommand(), "ZZ2"
	_, err = w.Catalogues.Put(w.ctx, operator(), overlapping)
	refused(t, err, models.CodePatternOverlaps)
	_, err = w.Catalogues.Withdraw(w.ctx, operator(), catalogues.Withdraw{Edit: catalogues.Edit{Command: newCommand()}, Model: "ZZ3"})
	refused(t, err, models.CodeUnknown)
	require.True(t, w.withdraw(w.App, "zz1").Model.Withdrawn)
}

func (w *world) catalogue() catalogues.InForce {
	w.t.Helper()
	found, err := w.Catalogues.InForce(w.ctx)
	require.NoError(w.t, err)
	return found
}

// A past catalogue is that of its instant, to the edit.
func TestPastCatalogue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	start := w.clock.Now()
	longer := modelNumber(1)
	longer.IncludedMonths = 36
	for _, edit := range []func(){
		func() { w.put(w.App, modelNumber(1)) }, func() { w.put(w.App, longer) }, func() { w.withdraw(w.App, "ZZ1") },
	} {
		w.clock.Advance(time.Hour)
		edit()
	}
	for after, want := range map[time.Duration]string{
		0: "", time.Hour - time.Nanosecond: "", time.Hour: "24 false", 2*time.Hour - time.Nanosecond: "24 false", 2 * time.Hour: "36 false",
		3 * time.Hour: "36 true", 100 * time.Hour: "36 true",
	} {
		then, err := w.Catalogues.AsOf(w.ctx, start.Add(after))
		require.NoError(t, err)
		got := ""
		if m, known := then.Model("ZZ1"); known {
			got = fmt.Sprint(m.IncludedMonths, m.Withdrawn)
		}
		require.Equal(t, want, got, after)
	}
}

// Many readers and editors at once: whoever reads after an edit has it.
func TestCatalogueReadWhileEdited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.with(w.log)
	stop, reading := make(chan struct{}), make(chan error, 4)
	for range cap(reading) {
		go func() {
			for seen := eventlog.NoStream; ; {
				select {
				case <-stop:
					reading <- nil
					return
				default:
				}
				found, err := other.Catalogues.InForce(w.ctx)
				if err == nil && found.Revision < seen {
					err = fmt.Errorf("revision %d after %d", found.Revision, seen)
				}
				if err != nil {
					reading <- err
					return
				}
				seen = found.Revision
			}
		}()
	}
	for n := range 10 {
		m := modelNumber(n)
		edited := w.put(w.App, m)
		found, err := other.Catalogues.InForce(w.ctx)
		require.NoError(t, err)
		require.Equal(t, edited.Revision, found.Revision)
		_, known := found.Model(m.Name)
		require.True(t, known, m.Name)
	}
	close(stop)
	for range cap(reading) {
		require.NoError(t, <-reading)
	}
}
