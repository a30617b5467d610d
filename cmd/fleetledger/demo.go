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

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/app/ports"
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

// demoRun is the demo being filled in.
type demoRun struct {
	*engine
	server             http.Handler
	operator, reseller *client.Client
	console            console
	password           string               // of all administrators
	uid                uuid.UUID            // of the reseller's account
	customers          map[string]uuid.UUID // by name
	fleet              []client.Registration
	present            time.Duration         // the clock's offset before the demo
	stock              []client.Registration // the buyer's, held by the reseller first
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
	d := &demoRun{engine: e, server: r.server, console: con, customers: map[string]uuid.UUID{}, password: password}
	if d.operator, err = d.client(r.token, keyed("demo-operator")); err != nil {
		return err
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

// client calls the service's own API, as any other client would, without a
// network between.
func (d *demoRun) client(token string, options ...client.ClientOption) (*client.Client, error) {
	return client.New("http://fleetledger", token, append(options, client.WithHandler(d.server))...)
}

// keyed gives each write the key that it has on every run.
func keyed(run string) client.ClientOption {
	writes := 0
	return client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		if r.Method != http.MethodGet {
			writes++
			r.Header.Set("Idempotency-Key", fmt.Sprintf("%s-%d", run, writes))
		}
		return nil
	})
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
func (d *demoRun) accounts(ctx context.Context) (token string, err error) {
	created, err := d.operator.CreateAccount(ctx, nil, client.NewAccount{
		Name: demoReseller, Type: client.Reseller,
		Administrator: client.Administrator{Email: demoEmail, Name: new("Sam Summit")},
	})
	if err != nil {
		return "", err
	}
	d.uid = created.JSON201.Uid
	token, err = keepToken(ctx, d.stores, ports.AccountToken{
		Account: d.uid, Administrator: true, Label: "demo", CreatedAt: d.clock.Now(),
	})
	if err != nil {
		return "", err
	}
	if d.reseller, err = d.client(token, keyed("demo-reseller")); err != nil {
		return "", err
	}
	rows, err := csv.NewReader(strings.NewReader(demoCustomers)).ReadAll()
	if err != nil {
		return "", err
	}
	for _, row := range rows[1:] { // NAME,ADMIN_EMAIL,OFFERS
		customer := client.NewCustomer{Name: row[0], Administrator: client.Administrator{Email: row[1], Name: new(row[0] + " Fleet Desk")}}
		var offers []client.Offer
		for offer := range strings.SplitSeq(row[2], "|") {
			offers = append(offers, client.Offer(offer))
		}
		customer.Offers = &offers
		created, err := d.reseller.CreateCustomer(ctx, nil, customer)
		if err != nil {
			return "", err
		}
		d.customers[row[0]] = created.JSON201.Uid
	}
	fmt.Fprintf(d.console.out, "demo: %d customers created\n", len(d.customers))
	return token, d.activate(ctx)
}

// activate does what the invited administrators would do with their mails.
func (d *demoRun) activate(ctx context.Context) error {
	visitor, err := d.client("")
	if err != nil {
		return err
	}
	d.operator.After(d.reseller.Position())
	for _, uid := range append(slices.Collect(maps.Values(d.customers)), d.uid) {
		pending, err := d.operator.GetAccount(ctx, uid, nil)
		if err != nil {
			return err
		}
		if pending.JSON200.Status == client.AccountStatusActive { // by an interrupted run
			continue
		}
		if _, err := visitor.ActivateAccount(ctx, d.app.Tokens.Invitation(uid, 1), client.ActivationRequest{
			Name: new("Fleet Desk"), Password: d.password,
		}); err != nil {
			return err
		}
	}
	// The buyer of the stock lets the reseller manage its devices.
	_, err = d.operator.AssignPartnerProfile(ctx, d.customers[demoBuyer], d.uid, nil, client.ProfileAssignment{Profile: new("device-manager")})
	return err
}

func (d *demoRun) readFleet() error {
	rows, err := csv.NewReader(strings.NewReader(demoFleet)).ReadAll()
	if err != nil {
		return err
	}
	for _, row := range rows[1:] { // CUSTOMER,NAME,LABELS,GATEWAY[SERIAL NUMBER],GATEWAY[IMEI],TYPE
		registration := client.Registration{
			Account: new(d.customers[row[0]].String()), Name: &row[1], SerialNumber: row[3], Imei: &row[4], Model: &row[5],
		}
		if row[2] != "" {
			registration.Labels = new(strings.Split(row[2], "|"))
		}
		if row[0] == demoBuyer && len(d.stock) < demoStock {
			registration.Account = new(d.uid.String())
			d.stock = append(d.stock, registration)
			continue
		}
		d.fleet = append(d.fleet, registration)
	}
	return nil
}

// deliver is one month's business: new devices, and what happens to the stock.
func (d *demoRun) deliver(ctx context.Context, month int) error {
	var items []client.Registration
	for i, device := range d.fleet {
		if i%demoMonths == month {
			items = append(items, device)
		}
	}
	if month == demoBought {
		items = append(items, d.stock...)
	}
	registered, err := d.reseller.RegisterDevices(ctx, nil, client.RegistrationRequest{Items: items})
	if err != nil {
		return err
	}
	sum := registered.JSON200.Summary
	fmt.Fprintf(d.console.out, "demo: %d devices registered, %d refused, %d months ago\n", *sum.Created, sum.Refused, month)
	if month != demoHandover {
		return nil
	}
	var names []string
	for _, device := range d.stock[:demoHanded] {
		names = append(names, device.SerialNumber)
	}
	_, err = d.reseller.TransferDevices(ctx, nil, client.TransferRequest{
		From: &d.uid, To: new(d.customers[demoBuyer]), Devices: &names, Reason: new("sold to the customer"),
	})
	return err
}

// renew applies orders for most of what has run out by now.
func (d *demoRun) renew(ctx context.Context) error {
	d.operator.After(d.reseller.Position())
	expired, err := d.operator.ListDevices(ctx, &client.ListDevicesParams{Expired: new(true), Limit: new(1000)})
	if err != nil {
		return err
	}
	var names []string
	for i, device := range expired.JSON200.Items {
		if i%5 != 0 {
			names = append(names, device.Uid.String())
		}
	}
	if len(names) == 0 {
		return nil
	}
	renewed, err := d.operator.RenewDevices(ctx, nil, client.RenewalRequest{
		Devices: names, Term: new("P1Y"), OrderNumber: new("PO-2000-DEMO"), Note: new("yearly order"),
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(d.console.out, "demo: %d services renewed by order\n", *renewed.JSON200.Summary.Renewed)
	return nil
}
