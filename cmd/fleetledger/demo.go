package main

import (
	"context"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/postgres"
)

// The demo's customers and devices. Names and addresses are reserved examples,
// factors are from the test range.
var (
	//go:embed demo/customers.csv
	demoCustomers string
	//go:embed demo/fleet.csv
	demoFleet string
)

const (
	demoReseller = "Summit Wireless"
	demoEmail    = "admin@summit-wireless.example"
	demoBuyer    = "Prairie Fire" // customer to which the reseller hands over stock
	demoMonths   = 14             // of past that the demo lives through
	demoStock    = 20             // devices the reseller buys for itself ...
	demoBought   = 6              // ... so many months ago
	demoHandover = 2              // months ago it hands some over ...
	demoHanded   = 12             // ... so many
)

// demoDevice is one device of the fleet, as the API takes its registration.
type demoDevice map[string]any

// demoRun is the demo being filled in.
type demoRun struct {
	*engine
	operator, reseller client
	console            console
	password           string            // of all administrators
	uid                string            // of the reseller's account
	customers          map[string]string // name → uid
	fleet              []demoDevice
	present            time.Duration // the clock's offset before the demo
	stock              []demoDevice  // of the buyer's, first held by the reseller
}

// demo fills the service through its own API. The clock is moved into the past
// first and month by month back to the present, so that services end at all
// sorts of dates. Every command has a key that is the same on each run, so a
// demo that was interrupted is finished by the next start.
func demo(ctx context.Context, e *engine, r running) error {
	con := r.con
	password, err := demoPassword(r.config.DataDir)
	if err != nil {
		return err
	}
	tokenPath := filepath.Join(r.config.DataDir, "demo-token")
	if _, err := os.Stat(tokenPath); err == nil {
		fmt.Fprintf(con.out, "the demo is filled in already, its token is in %s\n", tokenPath)
		fmt.Fprintf(con.out, "sign in as %s with %s\n", demoEmail, password)
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	d := &demoRun{
		engine: e, console: con, customers: map[string]string{}, password: password,
		operator: client{server: r.server, token: r.token, run: "demo-operator"},
		reseller: client{server: r.server, run: "demo-reseller"},
	}
	d.present = e.clock.Offset()
	defer d.clock.Shift(d.present)
	token, err := d.fill(ctx)
	if err != nil {
		return err
	}
	if err := writePrivate(tokenPath, token+"\n"); err != nil {
		return err
	}
	fmt.Fprintf(con.out, "demo: reseller %s, account %s, token of its administrator in %s\n", demoReseller, d.uid, tokenPath)
	fmt.Fprintf(con.out, "demo: try  curl -H \"Authorization: Bearer $(cat %s)\" 'http://%s/v1/customers?sort=-renewalSystems'\n", tokenPath, r.listener.Addr())
	fmt.Fprintf(con.out, "sign in as %s with %s\n", demoEmail, d.password)
	return nil
}

// demoPassword is the demo's password, made at its first start and the same on
// each run.
func demoPassword(dataDir string) (string, error) {
	path := filepath.Join(dataDir, "demo-password")
	text, err := os.ReadFile(path) //nolint:gosec // a file of our own data folder
	if err == nil && len(text) > 0 {
		return strings.TrimSpace(string(text)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the demo's password: %w", err)
	}
	password := randomText(12)
	return password, writePrivate(path, password+"\n")
}

// fill lives through the demo's past and gives the reseller's token.
func (d *demoRun) fill(ctx context.Context) (token string, err error) {
	d.monthsAgo(demoMonths)
	if token, err = d.accounts(ctx); err != nil {
		return "", err
	}
	if err := d.readFleet(); err != nil {
		return "", err
	}
	for month := demoMonths - 1; month >= 0; month-- {
		d.monthsAgo(month)
		if err := d.deliver(ctx, month); err != nil {
			return "", err
		}
	}
	return token, d.renew(ctx)
}

func (d *demoRun) monthsAgo(n int) { d.clock.Shift(d.present - time.Duration(n)*30*24*time.Hour) }

// accounts creates and activates the reseller and its customers.
func (d *demoRun) accounts(ctx context.Context) (string, error) {
	var created struct{ UID string }
	err := d.operator.send(ctx, http.MethodPost, "/v1/accounts", map[string]any{
		"name": demoReseller, "type": "reseller",
		"administrator": map[string]string{"email": demoEmail, "name": "Sam Summit"},
	}, &created)
	if err != nil {
		return "", err
	}
	d.uid = created.UID
	account, err := uuid.Parse(d.uid)
	if err != nil {
		return "", err
	}
	token, err := keepToken(ctx, d.stores, postgres.Token{
		Account: account, Administrator: true, Label: "demo", CreatedAt: d.clock.Now(),
	})
	if err != nil {
		return "", err
	}
	d.reseller.token = token
	rows, err := csv.NewReader(strings.NewReader(demoCustomers)).ReadAll()
	if err != nil {
		return "", err
	}
	for _, row := range rows[1:] {
		err := d.reseller.send(ctx, http.MethodPost, "/v1/customers", map[string]any{
			"name": row[0], "administrator": map[string]string{"email": row[1], "name": row[0] + " Fleet Desk"},
			"offers": strings.Split(row[2], "|"),
		}, &created)
		if err != nil {
			return "", err
		}
		d.customers[row[0]] = created.UID
	}
	fmt.Fprintf(d.console.out, "demo: %d customers created\n", len(d.customers))
	return token, d.activate(ctx)
}

// activate does what the invited administrators would do with their mails.
func (d *demoRun) activate(ctx context.Context) error {
	visitor := client{server: d.operator.server}
	for _, uid := range append(slices.Collect(maps.Values(d.customers)), d.uid) {
		account, err := uuid.Parse(uid)
		if err != nil {
			return err
		}
		var pending struct{ Status string }
		if err := d.operator.send(ctx, http.MethodGet, "/v1/accounts/"+uid+"?minPosition="+d.operator.position, nil, &pending); err != nil {
			return err
		}
		if pending.Status == "active" { // by an interrupted run
			continue
		}
		path := "/v1/activations/" + d.app.Tokens.Invitation(account, 1)
		if err := visitor.send(ctx, http.MethodPost, path, map[string]string{"name": "Fleet Desk", "password": d.password}, nil); err != nil {
			return err
		}
	}
	// The buyer of the stock lets the reseller manage its devices.
	path := "/v1/accounts/" + d.customers[demoBuyer] + "/partners/" + d.uid
	return d.operator.send(ctx, http.MethodPatch, path, map[string]string{"profile": "device-manager"}, nil)
}

func (d *demoRun) readFleet() error {
	rows, err := csv.NewReader(strings.NewReader(demoFleet)).ReadAll()
	if err != nil {
		return err
	}
	for _, row := range rows[1:] { // CUSTOMER,NAME,LABELS,GATEWAY[SERIAL NUMBER],GATEWAY[IMEI],TYPE
		registration := demoDevice{
			"account": d.customers[row[0]], "name": row[1], "serialNumber": row[3], "imei": row[4], "model": row[5],
		}
		if row[2] != "" {
			registration["labels"] = strings.Split(row[2], "|")
		}
		if row[0] == demoBuyer && len(d.stock) < demoStock {
			registration["account"] = d.uid
			d.stock = append(d.stock, registration)
			continue
		}
		d.fleet = append(d.fleet, registration)
	}
	return nil
}

// deliver is one month's business: new devices, and what happens to the stock.
func (d *demoRun) deliver(ctx context.Context, month int) error {
	var items []demoDevice
	for i, device := range d.fleet {
		if i%demoMonths == month {
			items = append(items, device)
		}
	}
	if month == demoBought {
		items = append(items, d.stock...)
	}
	var answer bulkAnswer
	if err := d.reseller.send(ctx, http.MethodPost, "/v1/device-registrations", map[string]any{"items": items}, &answer); err != nil {
		return err
	}
	fmt.Fprintf(d.console.out, "demo: %d devices registered, %d refused, %d months ago\n", answer.Summary.Created, answer.Summary.Refused, month)
	if month != demoHandover {
		return nil
	}
	var names []any
	for _, device := range d.stock[:demoHanded] {
		names = append(names, device["serialNumber"])
	}
	return d.reseller.send(ctx, http.MethodPost, "/v1/transfers", map[string]any{
		"from": d.uid, "to": d.customers[demoBuyer], "devices": names, "reason": "sold to the customer",
	}, nil)
}

// renew applies orders for most of what has run out by now.
func (d *demoRun) renew(ctx context.Context) error {
	var expired struct{ Items []struct{ UID string } }
	if err := d.operator.send(ctx, http.MethodGet, "/v1/devices?expired=true&limit=1000&minPosition="+d.reseller.position, nil, &expired); err != nil {
		return err
	}
	var names []string
	for i, device := range expired.Items {
		if i%5 != 0 {
			names = append(names, device.UID)
		}
	}
	if len(names) == 0 {
		return nil
	}
	var answer bulkAnswer
	err := d.operator.send(ctx, http.MethodPost, "/v1/renewals", map[string]any{
		"devices": names, "term": "P1Y", "orderNumber": "PO-2000-DEMO", "note": "yearly order",
	}, &answer)
	fmt.Fprintf(d.console.out, "demo: %d services renewed by order\n", answer.Summary.Renewed)
	return err
}

// bulkAnswer is what the demo reads of a bulk command's answer.
type bulkAnswer struct {
	Summary struct{ Created, Renewed, Refused int }
}
