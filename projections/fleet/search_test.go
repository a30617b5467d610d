package fleet_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/user"
)

func TestNamesSortAsPeopleExpect(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	reseller := h.account("Zulu", account.Reseller, uuid.Nil)
	want := []string{"abel", "Ärger", "Arktis", "Bär 2", "bar 10", "Čapek", "Delta", "éclair", "Zulu"}
	slices.SortFunc(want, func(a, b string) int { return len(a) - len(b) }) // in another order
	for i, name := range want {
		h.device("SN"+string(rune('A'+i)), h.customer(name, reseller), day0, device.Renamed{Device: device.UID("SN" + string(rune('A'+i))), NewName: name})
	}
	m.whenProjected(t, h)
	ordered := "abel Ärger Arktis Bär 2 bar 10 Čapek Delta éclair Zulu"
	var accounts, customers, devices, owners []string
	for _, row := range then(t, m.reader.Accounts, query.AccountQuery{}).Items {
		accounts = append(accounts, row.Name)
	}
	for _, row := range then(t, m.reader.Customers, query.CustomerQuery{Reseller: reseller, Windows: query.DefaultWindows, Today: day0}).Items {
		customers = append(customers, row.Name)
	}
	for _, row := range then(t, m.reader.Devices, query.DeviceQuery{}).Items {
		devices = append(devices, row.State.Name)
	}
	for _, row := range then(t, m.reader.Devices, query.DeviceQuery{Page: query.Page{Sort: []string{"account"}}}).Items {
		owners = append(owners, row.AccountName)
	}
	require.Equal(t, ordered+" Zulu", strings.Join(accounts, " "))
	require.Equal(t, ordered, strings.Join(customers, " "))
	require.Equal(t, ordered, strings.Join(devices, " "))
	require.Equal(t, ordered, strings.Join(owners, " "))
}

// Whatever names are, page by page they come in the order of one page, now and as
// of a past instant.
func TestPagesOfAnyNamesAreInTheOrderOfOnePage(t *testing.T) {
	t.Parallel()
	m := newModel(t)
	name := rapid.OneOf(rapid.StringOfN(rapid.SampledFrom([]rune("aAäÄáàbBßsS zZ0129-_.'éÉıİiI")), 1, 6, -1), rapid.StringN(1, 6, 24))
	rapid.Check(t, func(t *rapid.T) {
		m.empty(t)
		h := newHistory()
		reseller := h.account("Northwind", account.Reseller, uuid.Nil)
		for i := range rapid.IntRange(1, 14).Draw(t, "customers") {
			display := strings.ReplaceAll(name.Draw(t, "name"), "\x00", "")
			serial := "SN" + string(rune('A'+i))
			h.device(serial, h.customer(display, reseller), day0, device.Renamed{Device: device.UID(serial), NewName: display})
		}
		m.whenProjected(t, h)
		for _, asOf := range []query.Freshness{{}, {AsOf: h.now}} {
			for _, sort := range [][]string{{"name"}, {"-name"}} {
				samePages(t, sort, func(p query.Page) (query.List[query.CustomerRow], error) {
					return m.reader.Customers(t.Context(), query.CustomerQuery{Freshness: asOf, Page: p, Reseller: reseller, Windows: query.DefaultWindows, Today: day0})
				})
				samePages(t, sort, func(p query.Page) (query.List[query.AccountRow], error) {
					return m.reader.Accounts(t.Context(), query.AccountQuery{Freshness: asOf, Page: p})
				})
			}
			for _, sort := range [][]string{{"name"}, {"-name"}, {"account"}, {"-account", "name"}} {
				samePages(t, sort, func(p query.Page) (query.List[query.DeviceRow], error) {
					return m.reader.Devices(t.Context(), query.DeviceQuery{Freshness: asOf, Page: p})
				})
			}
		}
	})
}

func samePages[T any](t *rapid.T, sort []string, read func(query.Page) (query.List[T], error)) {
	whole, err := read(query.Page{Limit: 1000, Sort: sort})
	require.NoError(t, err)
	var walked []T
	for page := (query.Page{Limit: 3, Sort: sort}); ; {
		list, err := read(page)
		require.NoError(t, err)
		walked = append(walked, list.Items...)
		if page.Cursor = list.NextCursor; page.Cursor == "" {
			break
		}
		require.LessOrEqual(t, len(walked), len(whole.Items))
	}
	require.Equal(t, whole.Items, walked, sort)
}

func TestSearch(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	cafe, fire := h.customer("Café Müller", reseller), h.customer("Prairie Fire", reseller)
	person := account.Person{ID: uuid.New(), Email: "zoë.o'neil@prairie.example", Name: "Zoë O'Neil"}
	h.add(account.Aggregate.Stream(fire), account.AccountActivated{Account: fire, Administrator: person})
	named := h.now
	ada := h.invited(cafe, "ada.çelik@cafe.example", false)
	pump := registered("RV55A", cafe, day0)
	pump.Name, pump.ICCID = "Pump Nº 7 – Zürich", "8944500102198304826"
	h.add(device.Aggregate.Stream(pump.Device), pump)
	m.whenProjected(t, h)
	found := func(search string, f query.Freshness) string {
		var names []string
		for _, row := range then(t, m.reader.Customers, query.CustomerQuery{Freshness: f, Reseller: reseller, Windows: query.DefaultWindows, Search: search}).Items {
			names = append(names, row.Name)
		}
		var accounts []string
		for _, row := range then(t, m.reader.Accounts, query.AccountQuery{Freshness: f, Accounts: []uuid.UUID{cafe, fire}, Search: search}).Items {
			accounts = append(accounts, row.Name)
		}
		require.Equal(t, names, accounts, "customers and accounts")
		return strings.Join(names, ", ")
	}
	for search, want := range map[string]string{
		"cafe": "Café Müller", "CAFÉ": "Café Müller", "Cafe\u0301": "Café Müller", "muller café": "Café Müller", "cafe fire": "",
		"": "Café Müller, Prairie Fire", " \t": "Café Müller, Prairie Fire",
		"zoe": "Prairie Fire", "O'NEIL@PRAIRIE.example": "Prairie Fire", "fire zoë": "Prairie Fire", "admin@": "Café Müller", "Admin of cafe": "Café Müller",
		cafe.String(): "Café Müller", strings.ToUpper(fire.String()): "Prairie Fire", fire.String()[9:23]: "Prairie Fire", uuid.NewString(): "",
		"ada": "", // a user of the customer, whom the list does not show
		"%":   "", "_": "", `\`: "", `"`: "", "{": "", "a\x00": "", "\xff": "",
	} {
		require.Equal(t, want, found(search, query.Freshness{}), "%q", search)
		require.Equal(t, want, found(search, query.Freshness{AsOf: h.now}), "%q in the past", search)
	}
	require.Empty(t, found("zoe", query.Freshness{AsOf: named.Add(-1)}), "not yet")

	for search, want := range map[string]int{
		"zurich": 1, "7 pump": 1, "PUMP rv55a": 1, "0102198304": 1, pump.Device.String(): 1, "no 7": 1, "pump 8": 1, "pump 999": 0, pump.Device.String()[:13]: 0,
	} {
		require.Equal(t, want, then(t, m.reader.Devices, query.DeviceQuery{Search: search}).Total, "%q", search)
	}
	for search, want := range map[string]int{"celik": 1, "ADA@": 0, "cafe.example ada": 1, ada.String(): 1, ada.String()[:12]: 1, "zoe": 0} {
		require.Equal(t, want, then(t, m.reader.Users, query.UserQuery{Account: cafe, Search: search}).Total, "%q", search)
	}

	h.add(account.Aggregate.Stream(fire), account.PersonErased{Account: fire, Person: person.ID})
	h.add(user.Aggregate.Stream(ada), user.UserErased{User: ada, Account: cafe})
	m.whenProjected(t, h)
	for _, f := range []query.Freshness{{}, {AsOf: named}} {
		require.Empty(t, found("zoe", f))
		require.Equal(t, "Prairie Fire", found("fire", f))
	}
	require.Zero(t, then(t, m.reader.Users, query.UserQuery{Account: cafe, Search: "celik"}).Total)
}

func TestFiltersTakeSeveral(t *testing.T) {
	t.Parallel()
	m, _, reseller := market(t)
	devices := func(q query.DeviceQuery) int {
		q.Today = day0
		return then(t, m.reader.Devices, q).Total
	}
	all := devices(query.DeviceQuery{})
	sum := func(q ...query.DeviceQuery) (n int) {
		for _, one := range q {
			k := devices(one)
			require.NotZero(t, k)
			n += k
		}
		return n
	}
	active, suspended := []device.LifeCycle{device.Active}, []device.LifeCycle{device.InSuspension}
	require.Equal(t, all, sum(query.DeviceQuery{LifeCycles: active}, query.DeviceQuery{LifeCycles: suspended}))
	require.Equal(t, all, devices(query.DeviceQuery{LifeCycles: append(active, suspended...)}))
	require.Equal(t, sum(query.DeviceQuery{Models: []string{"XR80"}}, query.DeviceQuery{Models: []string{"MP70"}}), devices(query.DeviceQuery{Models: []string{"xr80", "Mp70", "\xff"}}))
	require.Zero(t, devices(query.DeviceQuery{Models: []string{"\xff"}})+devices(query.DeviceQuery{Labels: []string{"a\x00"}}))
	red, amber := query.DefaultWindows[0], query.DefaultWindows[1]
	require.Equal(t, sum(query.DeviceQuery{Due: true, Ends: []query.Window{red}}, query.DeviceQuery{Due: true, Ends: []query.Window{amber}}),
		devices(query.DeviceQuery{Due: true, Ends: []query.Window{red, amber}}))
	customers := func(statuses ...account.Status) int {
		return then(t, m.reader.Customers, query.CustomerQuery{Reseller: reseller, Windows: query.DefaultWindows, Statuses: statuses}).Total
	}
	require.Equal(t, customers(), customers(account.Pending, account.Closed))
	require.Zero(t, customers(account.Closed, account.Activated))
}
