package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/cmd/fleetledger/demo"
	"github.com/fleetledger/fleetledger/domain/device"
)

// The demo is killed while it is being filled, goes on, and has something to show
// of everything; a start after that adds nothing.
func TestDemo(t *testing.T) {
	t.Parallel()
	long(t)
	dir := t.TempDir()
	killDemo(t, dir, "demo: 8 months ago")
	s := serve(t, dir, "--demo")
	require.Contains(t, s.lines, "demo: the filling was interrupted and goes on")
	d := demoPages{s, map[string]string{}}
	d.signIn(t, "sign in as ")

	d.hasEverything(t)
	d.hasTransfers(t)
	d.walksBack(t)

	events := s.countLog()
	s.stop()
	s = serve(t, dir, "--demo")
	require.Contains(t, s.lines, "demo: it is filled in already")
	require.Equal(t, events, s.countLog())
	d = demoPages{s, map[string]string{}}
	d.signIn(t, "sign in as ")
}

// killDemo ends a demo that has printed a line.
func killDemo(t *testing.T, dir, line string) {
	t.Helper()
	cmd := program(context.Background(), "serve", "--demo", "--addr", "127.0.0.1:0", "--data-dir", dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for found := false; !found && lines.Scan(); {
		found = strings.HasPrefix(lines.Text(), line)
	}
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
}

// A service with accounts of its own is left as it is.
func TestDemoRefusesAServiceInUse(t *testing.T) {
	t.Parallel()
	long(t)
	dir := t.TempDir()
	s := serve(t, dir)
	s.reseller("Summit Wireless")
	s.stop()
	out, err := program(t.Context(), "serve", "--demo", "--addr", "127.0.0.1:0", "--data-dir", dir).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "--demo fills an empty service")
	s = serve(t, dir)
	require.Equal(t, 1, demoPages{s, nil}.answer(t, s.token, "/v1/accounts").Total)
}

// demoPages reads the demo as the people who are to look at it.
type demoPages struct {
	*service
	tokens map[string]string // of sessions, by e-mail address
}

// demoList is what the tests look at of a list.
type demoList struct {
	Total int              `json:"total"`
	Items []map[string]any `json:"items"`
}

// signIn signs in as the first one who is named so, and as the others there are.
func (d demoPages) signIn(t *testing.T, begin string) {
	t.Helper()
	email, password, _ := strings.Cut(d.printed(begin), " with ")
	people := []string{email}
	for _, other := range demo.Others {
		require.Contains(t, d.lines, fmt.Sprintf("or as %s (%s)", other.Email, other.Who))
		people = append(people, other.Email)
	}
	for _, person := range people {
		in := when(d.client("").SignIn(t.Context(), client.SignIn{Email: person, Password: password})).Then(t)
		d.tokens[person] = in.JSON201.Token
	}
}

func (d demoPages) get(t *testing.T, token, path string, into any, header ...string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+path, http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	require.Equal(t, http.StatusOK, answer.StatusCode, path)
	require.NoError(t, json.NewDecoder(answer.Body).Decode(into))
}

func (d demoPages) answer(t *testing.T, token, path string, header ...string) demoList {
	t.Helper()
	var list demoList
	d.get(t, token, path, &list, header...)
	return list
}

// accounts are the UIDs of all accounts by name.
func (d demoPages) accounts(t *testing.T) map[string]string {
	t.Helper()
	uids := map[string]string{}
	for _, a := range d.answer(t, d.token, "/v1/accounts?limit=1000").Items {
		uids[a["name"].(string)] = a["uid"].(string)
	}
	return uids
}

func (d demoPages) hasEverything(t *testing.T) {
	uids := d.accounts(t)
	summit, fire := uids["Summit Wireless"], uids["Prairie Fire"]
	sam, rosa := d.tokens[demo.Administrator], d.tokens["rosa.lindqvist@prairie-fire.example"]
	in := func(account string) string { return "/v1/accounts/" + uids[account] }
	with := func(key string, values ...any) func(map[string]any) bool {
		return func(item map[string]any) bool {
			for _, value := range values {
				if fmt.Sprint(item[key]) == fmt.Sprint(value) {
					return true
				}
			}
			return false
		}
	}
	count := func(key string, atLeast float64) func(map[string]any) bool {
		return func(item map[string]any) bool {
			n, _ := item[key].(float64)
			return n >= atLeast
		}
	}
	days := map[string]bool{}
	anotherDay := func(item map[string]any) bool { // counts days
		login, _ := item["lastLogin"].(string)
		known := login == "" || days[login[:10]]
		if !known {
			days[login[:10]] = true
		}
		return !known
	}
	for _, c := range []struct {
		what, token, path string
		atLeast           int
		which             func(map[string]any) bool // nil: all
		header            []string
	}{
		{"resellers", d.token, "/v1/accounts?limit=1000", 2, with("type", "reseller"), nil},
		{"pending account", d.token, "/v1/accounts?limit=1000", 1, with("status", "pending"), nil},
		{"expired account", d.token, "/v1/accounts?limit=1000", 1, with("status", "expired"), nil},
		{"closed accounts", d.token, "/v1/accounts?limit=1000", 2, with("status", "closed"), nil},
		{"customers", sam, "/v1/customers?limit=100", 40, nil, nil},
		{"customers under several profiles", sam, "/v1/customers?limit=100", 4, func(item map[string]any) bool {
			return item["partnerProfile"].(map[string]any)["id"] != "read-only"
		}, nil},
		{"several administrators", sam, "/v1/customers?limit=100", 5, func(item map[string]any) bool {
			return item["administrators"].(map[string]any)["count"].(float64) > 1
		}, nil},
		{"days of last logins", sam, "/v1/customers?limit=100", 20, anotherDay, nil},
		{"customers without a login", sam, "/v1/customers?limit=100", 1, with("lastLogin", nil), nil},
		{"customers with expired devices", sam, "/v1/customers?limit=100", 5, count("expired", 1), nil},
		{"customers with a place among Ä", sam, "/v1/customers?search=" + url.QueryEscape("Ärzte"), 1, nil, nil},
		{"shared customers", d.tokens["birte.hansen@nordlicht-funk.example"], "/v1/customers", 4, nil, nil},
		{"devices", d.token, "/v1/devices?limit=1", 2000, nil, nil},
		{"devices for the customer's administrator", rosa, "/v1/devices?limit=1", 400, nil, nil},
		{"devices for a user who reads only", d.tokens["robin.achebe@summit-wireless.example"], "/v1/devices?limit=1", 2000, nil, nil},
		{"red window", sam, "/v1/devices?limit=1&window=red", 30, nil, nil},
		{"amber window", sam, "/v1/devices?limit=1&window=amber", 30, nil, nil},
		{"green window", sam, "/v1/devices?limit=1&window=green", 30, nil, nil},
		{"expired devices", sam, "/v1/devices?limit=1&expired=true", 30, nil, nil},
		{"suspended devices", sam, "/v1/devices?state=suspended", 5, nil, nil},
		{"retired devices", sam, "/v1/devices?state=retired", 2, nil, nil},
		{"the reseller's own devices", sam, "/v1/devices?account=" + summit, 18, with("autoRenew", true), nil},
		{"past the included year, renewed by itself", sam, "/v1/devices?account=" + summit, 2, func(item map[string]any) bool {
			return item["includedUntil"].(string) < time.Now().AddDate(-1, 0, 0).Format(time.DateOnly)
		}, nil},
		{"parked", sam, "/v1/devices?account=" + summit, 2, func(item map[string]any) bool { return item["parkedUntil"] != nil }, nil},
		{"devices with a SIM", sam, "/v1/devices?limit=1000&account=" + uids["Delta Rail"], 3, func(item map[string]any) bool { return item["iccid"] != nil }, nil},
		{"orders that wait", d.token, "/v1/renewals?state=ordered", 5, nil, nil},
		{"orders applied in part that wait", d.token, "/v1/renewals?state=ordered", 1, func(item map[string]any) bool {
			return item["devices"].(map[string]any)["applied"].(float64) > 0
		}, nil},
		{"orders applied", d.token, "/v1/renewals?state=applied", 10, nil, nil},
		{"orders applied in part", d.token, "/v1/renewals?state=applied", 1, func(item map[string]any) bool {
			return item["devices"].(map[string]any)["declined"].(float64) > 0
		}, nil},
		{"orders declined", d.token, "/v1/renewals?state=declined", 1, nil, nil},
		{"orders withdrawn", d.token, "/v1/renewals?state=withdrawn", 1, nil, nil},
		{"orders reversed", d.token, "/v1/renewals?state=reversed", 1, nil, nil},
		{"grants", d.token, "/v1/allocations", 3, nil, nil},
		{"members", sam, "/v1/accounts/" + summit + "/users", 6, with("status", "active"), nil},
		{"invited members", sam, "/v1/accounts/" + summit + "/users", 1, with("status", "pending"), nil},
		{"expired and deactivated members", sam, "/v1/accounts/" + summit + "/users", 2, with("status", "expired", "deactivated"), nil},
		{"erased member", sam, "/v1/accounts/" + summit + "/users", 1, with("name", "erased"), nil},
		{"customer's members", rosa, "/v1/accounts/" + fire + "/users", 4, nil, nil},
		{"channel contacts", sam, "/v1/accounts/" + summit + "/channel-contacts", 2, nil, nil},
		{"own profile", d.token, in("Meridian Grid") + "/profiles", 1, with("shipped", false), nil},
		{"partnership with an end", d.token, in("Stadtwerke Göttersbach") + "/partners", 1, func(item map[string]any) bool { return item["until"] != nil }, nil},
		{"partners of a shared customer", d.token, in("Ärzte-Fahrdienst") + "/partners", 2, nil, nil},
		{"external accounts", d.token, in("Delta Rail") + "/external-accounts", 1, nil, nil},
		{"account tokens", sam, "/v1/accounts/" + summit + "/tokens", 1, nil, nil},
		{"personal tokens", sam, "/v1/tokens", 1, nil, nil},
		{"audits", d.token, "/v1/audit-grants", 3, nil, nil},
		{"audit in force", d.token, "/v1/audit-grants", 1, with("status", "active"), nil},
		{"open release request", d.token, "/v1/release-requests", 1, with("state", "open"), []string{"X-Account", uids["Meridian Grid"]}},
		{"denied release request", d.token, "/v1/release-requests", 1, with("state", "denied"), []string{"X-Account", fire}},
		{"granted release request", d.token, "/v1/release-requests", 1, with("state", "granted"), []string{"X-Account", uids["Juniper Water"]}},
		{"release of a retired device, granted by itself", d.token, "/v1/release-requests", 1, with("state", "granted"), []string{"X-Account", uids["Harbour Transit"]}},
	} {
		list := d.answer(t, c.token, c.path, c.header...)
		n := list.Total
		if c.which != nil {
			n = 0
			for _, item := range list.Items {
				if c.which(item) {
					n++
				}
			}
		}
		require.GreaterOrEqual(t, n, c.atLeast, c.what)
	}
	var catalogue struct {
		Models []struct {
			Model          string `json:"model"`
			IncludedMonths int    `json:"includedMonths"`
			Withdrawn      bool   `json:"withdrawn"`
		} `json:"models"`
	}
	d.get(t, sam, "/v1/catalogue", &catalogue)
	edited := map[string]bool{}
	for _, m := range catalogue.Models {
		edited[m.Model] = m.IncludedMonths != 12 || m.Withdrawn || m.Model == "RX80"
	}
	require.True(t, edited["RX80"] && edited["LX60"] && edited["GX450"], "%v", catalogue.Models)
}

func (d demoPages) hasTransfers(t *testing.T) {
	uids := d.accounts(t)
	summit := uids["Summit Wireless"]
	beside, err := attachStores(t.Context(), &Config{DataDir: d.dir}, quiet())
	require.NoError(t, err)
	defer func() { require.NoError(t, beside.close(t.Context())) }()
	ids := map[string]bool{}
	for e, err := range beside.log.ReadAll(t.Context(), eventlog.Position{}, "transfer-") {
		require.NoError(t, err)
		ids[strings.TrimPrefix(e.Stream, "transfer-")] = true
	}
	kinds := map[string]int{}
	for id := range ids {
		var transfer client.Transfer
		d.get(t, d.token, "/v1/transfers/"+id, &transfer)
		moved, refused := transfer.Summary.Transferred != nil && *transfer.Summary.Transferred > 0, transfer.Summary.Refused > 0
		for kind, is := range map[string]bool{
			"whole": moved && !refused, "in part": moved && refused, "refused": !moved && refused,
			"planned": transfer.PlanId != nil, "to a reseller": moved && transfer.To.String() == summit, "from a reseller": moved && transfer.From.String() == summit,
			"reversed":         len(transfer.Reversals) > 0 && *transfer.Summary.Transferred == transfer.Reversals[0].Summary.Total,
			"reversed in part": len(transfer.Reversals) > 0 && *transfer.Summary.Transferred > transfer.Reversals[0].Summary.Total,
		} {
			if is {
				kinds[kind]++
			}
		}
	}
	for _, kind := range []string{"whole", "in part", "refused", "planned", "to a reseller", "from a reseller", "reversed", "reversed in part"} {
		require.Positive(t, kinds[kind], "%s: %v", kind, kinds)
	}
}

// walksBack compares the pages of past days with the log.
func (d demoPages) walksBack(t *testing.T) {
	sam := d.tokens[demo.Administrator]
	beside, err := attachStores(t.Context(), &Config{DataDir: d.dir}, quiet())
	require.NoError(t, err)
	defer func() { require.NoError(t, beside.close(t.Context())) }()
	var registered []time.Time
	for e, err := range beside.log.ReadAll(t.Context(), eventlog.Position{}, "device-") {
		require.NoError(t, err)
		if _, ok := e.Event.(device.Registered); ok {
			registered = append(registered, e.Metadata.OccurredAt)
		}
	}
	customers, systems := 0, 0
	for day := 420; day >= 0; day -= 15 {
		date := time.Now().UTC().AddDate(0, 0, -day)
		asOf := "&asOf=" + date.Format(time.DateOnly)
		if day == 0 {
			asOf = ""
		}
		end, known := date.Truncate(24*time.Hour).AddDate(0, 0, 1), 0
		for _, at := range registered {
			if at.Before(end) {
				known++
			}
		}
		page := d.answer(t, sam, "/v1/customers?limit=1000"+asOf)
		shown, login := 0, ""
		for _, row := range page.Items {
			shown += int(row["totalSystems"].(float64))
			if at, ok := row["lastLogin"].(string); ok {
				login = max(login, at)
			}
		}
		require.Positive(t, shown, date)
		require.LessOrEqual(t, shown, known, date)
		require.GreaterOrEqual(t, shown, known*8/10, "a customer's page of %s lacks what was there", date)
		require.GreaterOrEqual(t, page.Total, customers, date)
		require.Greater(t, shown, systems, date)
		require.Less(t, login, end.Format(time.RFC3339), "a login to come")
		require.Greater(t, login, date.AddDate(0, 0, -15).Format(time.RFC3339), "nobody signed in")
		all := d.answer(t, d.token, "/v1/devices?limit=1"+asOf)
		require.LessOrEqual(t, all.Total, known, date)
		customers, systems = page.Total, shown
	}
}
