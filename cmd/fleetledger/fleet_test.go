package main

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/cmd/fleetledger/demo"
	"github.com/fleetledger/fleetledger/domain/device"
)

// counts is a customer's row as an independent reader of the log counts it.
type counts struct{ total, active int }

// A partner's real files: 40 customers, a fleet of 2,000 in one request, a file
// full of mistakes. The Customers page shows what an independent count from the
// log says, and a second run of the same files changes nothing.
func TestFleet(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	_, token := s.reseller("Summit Wireless")
	desk := s.client(token)
	uids := map[string]string{}
	rows, err := csv.NewReader(strings.NewReader(demo.Customers)).ReadAll()
	require.NoError(t, err)
	for _, row := range rows[1:] {
		var offers []client.Offer
		for offer := range strings.SplitSeq(row[2], "|") {
			offers = append(offers, client.Offer(offer))
		}
		uids[row[0]] = s.customer(desk, row[0], offers...).String()
	}
	dirty, err := os.ReadFile("testdata/fleet-dirty.csv")
	require.NoError(t, err)
	files := []string{targeted(demo.Fleet, ",", uids), targeted(string(dirty), ";", uids)}

	first := s.registerFile(desk, files[0])
	require.Equal(t, 2000, first.Total)
	require.Positive(t, *first.Created)
	require.Equal(t, 2000, *first.Created+first.Refused, "a row is registered or refused")
	mistakes := s.registerFile(desk, files[1])
	require.Equal(t, 60, mistakes.Total)
	require.Equal(t, 60, *mistakes.Created+mistakes.Refused)
	before := s.countLog()
	page := s.customersPage(desk)
	require.Len(t, page, 40)
	require.Equal(t, before.devices, page)

	for i, file := range files {
		again := s.registerFile(desk, file)
		require.Zero(t, *again.Created, "second run of file %d", i)
	}
	require.Equal(t, before, s.countLog(), "the second run appended something")
}

// targeted replaces the customers' names of a file by the UIDs of their accounts.
func targeted(file, comma string, uids map[string]string) string {
	file = strings.NewReplacer("CUSTOMER", "TARGET_COMPANY", "Customer", "TARGET_COMPANY").Replace(file)
	lines := strings.Split(file, "\n")
	for i, line := range lines[1:] {
		for name, uid := range uids {
			if strings.HasPrefix(line, name+comma) {
				line = uid + line[len(name):]
			}
			if tail := strings.TrimSuffix(line, "\r"); strings.HasSuffix(tail, comma+name) {
				line = strings.TrimSuffix(tail, name) + uid
			}
		}
		lines[i+1] = line
	}
	return strings.Join(lines, "\n")
}

// registerFile sends a file and waits for the end of it, also where it is
// carried out in the background.
func (s *service) registerFile(c *client.Client, file string) client.Summary {
	s.t.Helper()
	sent := when(c.RegisterDevicesWithBody(s.t.Context(), nil, "text/csv", strings.NewReader(file))).Then(s.t)
	if sent.JSON200 != nil {
		return sent.JSON200.Summary
	}
	return s.finished(c, sent.JSON202.Id)
}

// finished waits for the end of an operation.
func (s *service) finished(c *client.Client, id uuid.UUID) client.Summary {
	s.t.Helper()
	var operation *client.Operation
	require.Eventually(s.t, func() bool {
		operation = when(c.GetOperation(s.t.Context(), id, nil)).Then(s.t).JSON200
		return operation.State == client.Done
	}, 5*time.Minute, 20*time.Millisecond) // thousands of devices, beside whatever else is tested
	return operation.Summary
}

// logCount is what stands in the log.
type logCount struct {
	events  int               // of devices and reservations
	last    eventlog.Position // of a device's event
	devices map[string]counts
}

func (s *service) countLog() logCount {
	s.t.Helper()
	stores, err := attachStores(s.t.Context(), &Config{DataDir: s.dir}, quiet())
	require.NoError(s.t, err)
	defer func() { require.NoError(s.t, stores.close(s.t.Context())) }()
	n := logCount{devices: map[string]counts{}}
	states := map[string]device.State{}
	for e, err := range stores.log.ReadAll(s.t.Context(), eventlog.Position{}, "device-", "reservation-") {
		require.NoError(s.t, err)
		n.events++
		if strings.HasPrefix(e.Stream, "device-") {
			n.last = e.Position
			states[e.Stream] = device.Evolve(states[e.Stream], e.Event)
		}
	}
	for _, state := range states {
		if state.LifeCycle == device.OutOfService || !state.Exists() {
			continue
		}
		c := n.devices[state.Account.String()]
		c.total++
		if state.LifeCycle == device.Active {
			c.active++
		}
		n.devices[state.Account.String()] = c
	}
	return n
}

func (s *service) customersPage(c *client.Client) map[string]counts {
	s.t.Helper()
	position := s.countLog().last.String()
	page := when(c.ListCustomers(s.t.Context(), &client.ListCustomersParams{Limit: new(1000), MinPosition: &position})).Then(s.t).JSON200
	n := map[string]counts{}
	for _, row := range page.Items {
		n[row.Uid.String()] = counts{row.TotalSystems, row.ActiveSystems}
	}
	return n
}
