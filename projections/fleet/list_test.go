package fleet_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

// market is a reseller with customers whose numbers often tie, some without
// devices.
func market(t testing.TB) (*model, *history, uuid.UUID) {
	m, h := given(t)
	r := rand.New(rand.NewPCG(1, 2))
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	models, offers := []string{"RV50X", "XR80", "MP70"}, catalogue.Offers
	for c := range 23 {
		customer := h.customer(fmt.Sprintf("Customer %c %d", "aAbBcÄ"[c%5], r.IntN(8)), reseller)
		for d := range r.IntN(5) {
			e := registered(fmt.Sprintf("SN%02dX%02d", c, d), customer, day0+calendar.Date(r.IntN(6)*20))
			e.Model, e.Service.Offer, e.FirstRegistered = models[r.IntN(3)], offers[r.IntN(3)], day0-calendar.Date(r.IntN(3))
			e.Service.AutoRenew = r.IntN(8) == 0
			if r.IntN(6) == 0 {
				e.Service.End = 0
			}
			h.add(device.Aggregate.Stream(e.Device), e)
			if r.IntN(5) == 0 {
				h.add(device.Aggregate.Stream(e.Device), device.Suspended{Device: e.Device})
			}
		}
	}
	// A device in an account that is not known (yet).
	h.device("SNLOST", uuid.New(), day0+3)
	m.whenProjected(t, h)
	return m, h, reseller
}

// walk reads all pages and calls afterEach behind each but the last.
func walk[T any](t *testing.T, limit int, sort []string, read func(query.Page) (query.List[T], error), afterEach func()) []T {
	t.Helper()
	var all []T
	page := query.Page{Limit: limit, Sort: sort}
	for range 10_000 {
		list, err := read(page)
		require.NoError(t, err, sort)
		require.LessOrEqual(t, len(list.Items), limit)
		all = append(all, list.Items...)
		if list.NextCursor == "" {
			return all
		}
		require.Len(t, list.Items, limit, "only the last page may be short")
		page.Cursor = list.NextCursor
		if afterEach != nil {
			afterEach()
		}
	}
	t.Fatal("the pages have no end")
	return nil
}

var (
	customerSorts = []string{"name", "status", "totalSystems", "activeSystems", "initialRenewal", "renewalSystems", "lastRenewal",
		"red", "amber", "green", "expired", "autoRenewing", "lastLogin"}
	deviceSorts = []string{"name", "serialNumber", "model", "account", "lifeCycleState", "offer", "firstRegistered", "serviceStart",
		"serviceEnd", "autoRenew"}
	accountSorts = []string{"name", "type", "status", "createdAt"}
)

// both gives each key ascending, descending, and before another.
func both(keys []string) [][]string {
	var sorts [][]string
	for _, k := range keys {
		sorts = append(sorts, []string{k}, []string{"-" + k}, []string{k, "-name"}, []string{"-" + k, "name"})
	}
	return sorts
}

func TestPagesHaveEveryRowOnce(t *testing.T) {
	t.Parallel()
	m, h, reseller := market(t)
	customers := func(p query.Page) (query.List[query.CustomerRow], error) {
		return m.reader.Customers(t.Context(), query.CustomerQuery{Page: p, Reseller: reseller, Today: day0 + 40, Windows: query.DefaultWindows, Now: h.now})
	}
	devices := func(p query.Page) (query.List[query.DeviceRow], error) {
		return m.reader.Devices(t.Context(), query.DeviceQuery{Page: p, Today: day0 + 40})
	}
	accounts := func(p query.Page) (query.List[query.AccountRow], error) {
		return m.reader.Accounts(t.Context(), query.AccountQuery{Page: p, Now: h.now})
	}
	for _, sort := range both(customerSorts) {
		whole, err := customers(query.Page{Limit: 1000, Sort: sort})
		require.NoError(t, err)
		require.Len(t, whole.Items, 23)
		require.Equal(t, 23, whole.Total)
		require.Equal(t, whole.Items, walk(t, 4, sort, customers, nil), sort)
	}
	for _, sort := range both(deviceSorts) {
		whole, err := devices(query.Page{Limit: 1000, Sort: sort})
		require.NoError(t, err)
		require.Len(t, whole.Items, whole.Total)
		require.Equal(t, whole.Items, walk(t, 3, sort, devices, nil), sort)
	}
	for _, sort := range both(accountSorts) {
		whole, err := accounts(query.Page{Limit: 1000, Sort: sort})
		require.NoError(t, err)
		require.Len(t, whole.Items, 24)
		require.Equal(t, whole.Items, walk(t, 5, sort, accounts, nil), sort)
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	m, _, reseller := market(t)
	read := func(sort string) []query.CustomerRow {
		list := then(t, m.reader.Customers, query.CustomerQuery{Page: query.Page{Sort: []string{sort}}, Reseller: reseller, Today: day0 + 40,
			Windows: query.DefaultWindows})
		return list.Items
	}
	number := map[string]func(query.CustomerRow) int{
		"totalSystems":   func(r query.CustomerRow) int { return r.TotalSystems },
		"activeSystems":  func(r query.CustomerRow) int { return r.ActiveSystems },
		"renewalSystems": func(r query.CustomerRow) int { return r.RenewalSystems },
		"red":            func(r query.CustomerRow) int { return r.Windows[0] },
		"amber":          func(r query.CustomerRow) int { return r.Windows[1] },
		"green":          func(r query.CustomerRow) int { return r.Windows[2] },
		"expired":        func(r query.CustomerRow) int { return r.Expired },
		"autoRenewing":   func(r query.CustomerRow) int { return r.AutoRenewing },
		"initialRenewal": func(r query.CustomerRow) int { return int(r.InitialRenewal) },
		"lastRenewal":    func(r query.CustomerRow) int { return int(r.LastRenewal) },
	}
	for key, value := range number {
		for _, direction := range []int{1, -1} {
			sort := strings.TrimPrefix(fmt.Sprintf("%+d%s", direction, key), "+1")
			rows := read(strings.Replace(sort, "-1", "-", 1))
			require.True(t, slices.IsSortedFunc(rows, func(a, b query.CustomerRow) int {
				x, y := value(a), value(b)
				switch dates := strings.HasSuffix(key, "Renewal"); {
				case x == y:
					return strings.Compare(a.UID.String(), b.UID.String())
				case dates && x == 0: // no date comes last both ways
					return 1
				case dates && y == 0:
					return -1
				}
				return (x - y) * direction
			}), sort)
		}
	}
	names := []string{}
	for _, row := range read("name") {
		names = append(names, strings.ToLower(row.Name))
	}
	require.True(t, slices.IsSorted(names), "names sort without regard to case: %v", names)
}

// Rows that are there all the time come exactly once, though others come and go.
func TestPagesWhileRowsComeAndGo(t *testing.T) {
	t.Parallel()
	for _, sort := range [][]string{{"name"}, {"-name"}, {"-serviceEnd", "model"}, {"account"}} {
		t.Run(strings.Join(sort, ","), func(t *testing.T) {
			t.Parallel()
			m, h, _ := market(t)
			before := map[uuid.UUID]bool{}
			for _, row := range walk(t, 1000, sort, m.page, nil) {
				before[row.State.UID] = true
			}
			var mu sync.Mutex
			i := 0
			rows := walk(t, 3, sort, m.page, func() {
				mu.Lock()
				defer mu.Unlock()
				i++
				h.device(fmt.Sprintf("NEW%03d", i), uuid.New(), day0+calendar.Date(i%50))
				h.device(fmt.Sprintf("AAA%03d", i), uuid.New(), day0+calendar.Date(i%50))
				m.whenProjected(t, h)
			})
			seen := map[uuid.UUID]int{}
			for _, row := range rows {
				seen[row.State.UID]++
				require.Equal(t, 1, seen[row.State.UID], "%s came twice", row.State.SerialNumber)
			}
			for uid := range before {
				require.Contains(t, seen, uid)
			}
			require.Greater(t, i, 5)
		})
	}
}

func (m *model) page(p query.Page) (query.List[query.DeviceRow], error) {
	return m.reader.Devices(context.Background(), query.DeviceQuery{Page: p})
}

func TestDeviceFilters(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	one, two := h.account("One", account.Standard, uuid.Nil), h.account("Two", account.Standard, uuid.Nil)
	e := registered("RV50A", one, day0+10)
	e.Name, e.Labels, e.Factor = "100%_Pump Straße", []string{"north", "pump"}, device.Factor{Kind: device.MAC, Value: "00AABBCCDDEE"}
	h.add(device.Aggregate.Stream(e.Device), e)
	h.device("RV50B", one, day0+20, device.Suspended{Device: device.UID("RV50B")})
	x := registered("XR80C", two, day0+30)
	x.Model, x.Service.Offer = "XR80", catalogue.Premium
	h.add(device.Aggregate.Stream(x.Device), x)
	h.device("RV50D", two, day0+40, device.Retired{Device: device.UID("RV50D")})
	auto := registered("RV50E", two, day0+5)
	auto.Service.AutoRenew = true
	h.add(device.Aggregate.Stream(auto.Device), auto)
	m.whenProjected(t, h)
	yes, no := true, false
	for name, test := range map[string]struct {
		query query.DeviceQuery
		want  string // serial numbers, sorted
	}{
		"all":               {query.DeviceQuery{}, "RV50A RV50B RV50D RV50E XR80C"},
		"no account":        {query.DeviceQuery{Accounts: []uuid.UUID{}}, ""},
		"one account":       {query.DeviceQuery{Accounts: []uuid.UUID{one}}, "RV50A RV50B"},
		"two accounts":      {query.DeviceQuery{Accounts: []uuid.UUID{one, two}}, "RV50A RV50B RV50D RV50E XR80C"},
		"uid":               {query.DeviceQuery{UID: x.Device}, "XR80C"},
		"uid out of scope":  {query.DeviceQuery{UID: x.Device, Accounts: []uuid.UUID{one}}, ""},
		"serial":            {query.DeviceQuery{SerialNumber: "RV50B"}, "RV50B"},
		"life cycle":        {query.DeviceQuery{LifeCycles: []device.LifeCycle{device.InSuspension}}, "RV50B"},
		"model":             {query.DeviceQuery{Models: []string{"XR80"}}, "XR80C"},
		"offer":             {query.DeviceQuery{Offers: []catalogue.Offer{catalogue.Premium}}, "XR80C"},
		"label":             {query.DeviceQuery{Labels: []string{"pump"}}, "RV50A"},
		"end from":          {query.DeviceQuery{ServiceEndFrom: day0 + 30}, "RV50D XR80C"},
		"end to":            {query.DeviceQuery{ServiceEndTo: day0 + 10}, "RV50A RV50E"},
		"end between":       {query.DeviceQuery{ServiceEndFrom: day0 + 10, ServiceEndTo: day0 + 20}, "RV50A RV50B"},
		"due":               {query.DeviceQuery{Due: true}, "RV50A RV50B XR80C"},
		"expired":           {query.DeviceQuery{Expired: &yes, Today: day0 + 25}, "RV50A RV50B"},
		"last day":          {query.DeviceQuery{Expired: &yes, Today: day0 + 20}, "RV50A"},
		"not expired":       {query.DeviceQuery{Expired: &no, Today: day0 + 25}, "RV50D RV50E XR80C"},
		"search name":       {query.DeviceQuery{Search: "pUMP"}, "RV50A"},
		"search folded":     {query.DeviceQuery{Search: "STRASSE"}, "RV50A"},
		"search no pattern": {query.DeviceQuery{Search: "%"}, "RV50A"},
		"search underscore": {query.DeviceQuery{Search: "_"}, "RV50A"},
		"search serial":     {query.DeviceQuery{Search: "xr80"}, "XR80C"},
		"search factor":     {query.DeviceQuery{Search: "aabbcc"}, "RV50A"},
		"search NUL":        {query.DeviceQuery{Search: "a\x00"}, ""},
		"search no UTF-8":   {query.DeviceQuery{Search: "\xff"}, ""},
		"serial NUL":        {query.DeviceQuery{SerialNumber: "a\x00"}, ""},
		"label no UTF-8":    {query.DeviceQuery{Labels: []string{"\xff"}}, ""},
		"in the past":       {query.DeviceQuery{Freshness: query.Freshness{AsOf: start.Add(4*60e9 + 30e9)}}, "RV50A RV50B"},
		"before everything": {query.DeviceQuery{Freshness: query.Freshness{AsOf: start}}, ""},
	} {
		list := then(t, m.reader.Devices, test.query)
		var serials []string
		for _, row := range list.Items {
			serials = append(serials, row.State.SerialNumber)
		}
		slices.Sort(serials)
		require.Equal(t, test.want, strings.Join(serials, " "), name)
		require.Equal(t, len(serials), list.Total, name)
	}
	past := then(t, m.reader.Devices, query.DeviceQuery{SerialNumber: "RV50B", Freshness: query.Freshness{AsOf: start.Add(4 * 60e9)}})
	require.Equal(t, device.Active, past.Items[0].State.LifeCycle, "it was suspended later")
	require.Equal(t, "One", past.Items[0].AccountName)
}

func TestBadPagesAreRefused(t *testing.T) {
	t.Parallel()
	m, _, reseller := market(t)
	good, err := m.page(query.Page{Limit: 2, Sort: []string{"serviceEnd"}})
	require.NoError(t, err)
	crafted := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for name, p := range map[string]query.Page{
		"no base64":   {Cursor: "???"},
		"no JSON":     {Cursor: crafted("x")},
		"other sort":  {Cursor: good.NextCursor, Sort: []string{"-serviceEnd"}},
		"few values":  {Cursor: crafted(`{"s":"name","v":["x"]}`)},
		"null":        {Cursor: crafted(`{"s":"name","v":[null,"` + uuid.NewString() + `"]}`)},
		"wrong value": {Cursor: crafted(`{"s":"serviceEnd","v":["tomorrowish","` + uuid.NewString() + `"]}`), Sort: []string{"serviceEnd"}},
		"wrong uid":   {Cursor: crafted(`{"s":"name","v":["x","y"]}`)},
		"NUL":         {Cursor: crafted(`{"s":"name","v":["\u0000","` + uuid.NewString() + `"]}`)},
	} {
		_, err := m.page(p)
		require.ErrorIs(t, err, query.ErrBadCursor, name)
	}
	for code, p := range map[string]query.Page{
		"sort_unknown":  {Sort: []string{"name; DROP TABLE x"}},
		"limit_invalid": {Limit: 1001},
	} {
		_, err := m.reader.Customers(t.Context(), query.CustomerQuery{Page: p, Reseller: reseller, Windows: query.DefaultWindows})
		var refusal *domain.Refusal
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, code, refusal.Problems[0].Code)
	}
	_, err = m.page(query.Page{Limit: -1})
	require.Error(t, err)
}

func TestCustomerFilters(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	alpha, beta := h.customer("Alpha Works", reseller), h.customer("Beta", reseller)
	h.add(account.Aggregate.Stream(alpha), account.AccountActivated{Account: alpha})
	m.whenProjected(t, h)
	late := h.now.AddDate(0, 0, 30)
	for name, test := range map[string]struct {
		query query.CustomerQuery
		want  []uuid.UUID
	}{
		"all":         {query.CustomerQuery{}, []uuid.UUID{alpha, beta}},
		"one":         {query.CustomerQuery{Customers: []uuid.UUID{beta}}, []uuid.UUID{beta}},
		"search":      {query.CustomerQuery{Search: "WORKS"}, []uuid.UUID{alpha}},
		"search uid":  {query.CustomerQuery{Search: beta.String()[4:20]}, []uuid.UUID{beta}},
		"active":      {query.CustomerQuery{Statuses: []account.Status{account.Activated}}, []uuid.UUID{alpha}},
		"expired":     {query.CustomerQuery{Statuses: []account.Status{account.Expired}, Now: late}, []uuid.UUID{beta}},
		"pending":     {query.CustomerQuery{Statuses: []account.Status{account.Pending}, Now: h.now}, []uuid.UUID{beta}},
		"not pending": {query.CustomerQuery{Statuses: []account.Status{account.Pending}, Now: late}, nil},
	} {
		test.query.Reseller, test.query.Windows, test.query.Today = reseller, query.DefaultWindows, day0
		list := then(t, m.reader.Customers, test.query)
		var uids []uuid.UUID
		for _, row := range list.Items {
			uids = append(uids, row.UID)
		}
		require.Equal(t, test.want, uids, name)
		require.Equal(t, len(uids), list.Total, name)
	}
}
