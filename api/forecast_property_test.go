package api_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// Each check is a service's life of some years.
func init() { _ = flag.Set("rapid.checks", "8") }

// foreseen is a read, how it names the instant that it is about, and the answer.
type foreseen struct {
	world  *foretelling
	by     *caller
	path   string // with a query
	asked  string // asOf or at
	answer string
}

// Whatever there is: what is foretold is what is shown when the sandbox clock gets
// there and nothing else happens.
func TestWhatIsForetoldComes(t *testing.T) {
	t.Parallel()
	long(t)
	s := newStack(t, apitest.With(inSandbox))
	made := 0
	rapid.Check(t, func(r *rapid.T) {
		w := &foretelling{stack: s, r: r, made: &made}
		w.begin()
		for range rapid.IntRange(3, 12).Draw(r, "deeds") {
			w.deed()
		}
		var instants []string
		days := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(1, 120), rapid.IntRange(1, 2600)), 1, 3).Draw(r, "days")
		slices.Sort(days)
		for _, ahead := range slices.Compact(days) {
			at := s.clock.Now().AddDate(0, 0, ahead)
			if rapid.Bool().Draw(r, "date") {
				instants = append(instants, at.Format(time.DateOnly))
			} else {
				instants = append(instants, at.Add(time.Duration(rapid.IntRange(0, 86399).Draw(r, "second"))*time.Second).Format(time.RFC3339))
			}
		}
		var reads [][]foreseen
		for _, instant := range instants {
			reads = append(reads, w.foresee(instant))
		}
		series := w.series(30)
		for i, instant := range instants {
			at, _, err := calendar.ParseInstant(instant)
			must(t, err)
			w.live(series, at)
			for _, read := range reads[i] {
				if shown := read.again(); shown != read.answer {
					r.Fatalf("%s at %s (- foretold, + shown):\n%s", read.path, instant, cmp.Diff(read.answer, shown))
				}
			}
		}
	})
}

// foretelling is a reseller with customers, and who looks at them.
type foretelling struct {
	*stack
	r    *rapid.T
	made *int // devices, of all checks

	reseller  uuid.UUID
	desk      *caller
	customers []uuid.UUID
	signedIn  map[uuid.UUID]*caller
	serials   map[uuid.UUID][]string
	auditor   *caller

	auditedUntil time.Time
}

func (w *foretelling) begin() {
	w.signedIn, w.serials = map[uuid.UUID]*caller{}, map[uuid.UUID][]string{}
	w.reseller, w.desk = w.stack.reseller("Reseller " + uuid.NewString())
	w.activate(w.reseller)
	for range rapid.IntRange(1, 3).Draw(w.r, "customers") {
		uid := w.customerOf(w.desk, "Customer "+uuid.NewString())
		w.customers = append(w.customers, uid)
		w.activate(uid)
		w.signedIn[uid] = w.signIn(uid, "")
		w.register(uid, 2)
	}
	w.register(w.reseller, 2)
	grant := w.auditOf("auditor@"+uuid.NewString()+".example", w.reseller, w.customers[0])
	grant.ExpiresAt = w.clock.Now().AddDate(1, 0, 0)
	w.auditedUntil = grant.ExpiresAt
	w.auditor = w.as(when(w.GrantAudit(w.t.Context(), nil, grant)).Then(w.t).JSON201.Token)
}

func (w *foretelling) register(account uuid.UUID, n int) {
	for range n {
		*w.made++
		expect(w.t, "registered", w.desk.registers(newDevice(*w.made, account)), []string{"created"})
		w.serials[account] = append(w.serials[account], mp70(*w.made))
	}
}

// deed is something that happens before the future begins.
func (w *foretelling) deed() {
	ctx, t := w.t.Context(), w.t
	customer := rapid.SampledFrom(w.customers).Draw(w.r, "customer")
	device := func(of uuid.UUID) string {
		if len(w.serials[of]) == 0 {
			return "LD99999999999999"
		}
		return rapid.SampledFrom(w.serials[of]).Draw(w.r, "device")
	}
	move := func(by *caller, from, to uuid.UUID) {
		serial := device(from)
		moved := when(by.TransferDevices(ctx, nil, client.TransferRequest{From: &from, To: &to, Devices: &[]string{serial}})).Then(t).JSON201
		if outcomes(*moved)[0] == "transferred" {
			w.serials[from] = slices.DeleteFunc(w.serials[from], func(s string) bool { return s == serial })
			w.serials[to] = append(w.serials[to], serial)
		}
	}
	switch rapid.IntRange(0, 8).Draw(w.r, "deed") {
	case 0:
		w.liveUntil(w.clock.Now().AddDate(0, 0, rapid.IntRange(1, 40).Draw(w.r, "days")))
	case 1:
		w.register(rapid.SampledFrom([]uuid.UUID{w.reseller, customer}).Draw(w.r, "account"), 1)
	case 2:
		move(w.desk, w.reseller, customer)
	case 3:
		move(w.signedIn[customer], customer, w.reseller)
	case 4:
		order := client.RenewalRequest{Devices: []string{device(customer), device(w.reseller)}, Term: new(rapid.SampledFrom([]string{"P1Y", "P3Y", "P5Y"}).Draw(w.r, "term"))}
		when(w.RenewDevices(ctx, nil, order)).Then(t)
	case 5:
		path := rapid.SampledFrom([]string{":suspend", ":retire"}).Draw(w.r, "life")
		w.post("/v1/devices/"+device(customer)+path, "")
	case 6:
		ends := w.clock.Now().AddDate(0, 0, rapid.IntRange(1, 400).Draw(w.r, "until")).Format(time.RFC3339)
		w.signedIn[customer].send(http.MethodPatch, "/v1/accounts/"+customer.String()+"/partners/"+w.reseller.String(), fmt.Sprintf(`{"until":%q}`, ends))
	case 7:
		w.signedIn[customer].post("/v1/accounts/"+customer.String()+"/users", fmt.Sprintf(`{"email":"%s@x.example"}`, uuid.NewString()))
	case 8:
		w.send(http.MethodPost, "/v1/device-registrations", fmt.Sprintf(`{"items":[{"serialNumber":%q,"imei":%q}]}`, mp70(0), imei(0)), "X-Account: "+w.reseller.String())
	}
}

func (w *foretelling) lookers() []*caller {
	all := []*caller{w.desk, w.auditor}
	for _, uid := range w.customers {
		all = append(all, w.signedIn[uid])
	}
	return all
}

// foresee asks for everything that pages show, as of an instant to come.
func (w *foretelling) foresee(instant string) []foreseen {
	var all []foreseen
	w.liveUntil(w.clock.Now()) // its position is that of all that has happened
	ask := func(by *caller, asked string, paths ...string) {
		for _, path := range paths {
			f := foreseen{world: w, by: by, path: path, asked: asked}
			f.answer = f.ask(instant)
			all = append(all, f)
		}
	}
	day, _, err := calendar.ParseInstant(instant)
	must(w.t, err)
	from, to := day.AddDate(0, -1, 0).Format(time.DateOnly), day.AddDate(2, 0, 0).Format(time.DateOnly)
	devices := []string{
		"/v1/devices?sort=serviceEnd,name", "/v1/devices?sort=-serviceEnd&limit=2", "/v1/devices?expired=true", "/v1/devices?window=red",
		"/v1/devices?renewal=automatic&serviceEndFrom=" + from, "/v1/devices?renewal=due&serviceEndTo=" + to,
		"/v1/devices?serviceEndFrom=" + from + "&serviceEndTo=" + to,
	}
	for _, by := range w.lookers() {
		if by == w.auditor && !day.Before(w.auditedUntil) {
			continue // out by then, as anybody who calls with what runs out
		}
		ask(by, "asOf", devices...)
		ask(by, "asOf", "/v1/accounts", "/v1/customers?sort=-expired,name")
		ask(by, "at", "/v1/forecast", "/v1/forecast?months=60")
		for _, uid := range append([]uuid.UUID{w.reseller}, w.customers...) {
			ask(by, "asOf", "/v1/accounts/"+uid.String(), "/v1/accounts/"+uid.String()+"/users", "/v1/devices?account="+uid.String())
			ask(by, "at", "/v1/forecast?months=3&account="+uid.String())
			for _, serial := range w.serials[uid] {
				ask(by, "asOf", "/v1/devices/"+serial)
			}
		}
	}
	ask(w.caller, "asOf", "/v1/accounts?search=reseller", devices[0])
	ask(w.caller, "at", "/v1/forecast?months=12", "/v1/forecast?account="+w.reseller.String())
	return all
}

func (f foreseen) ask(instant string) string {
	more := "minPosition=" + f.world.Position()
	if instant != "" {
		more += "&" + f.asked + "=" + instant
	}
	separator := "?"
	if strings.Contains(f.path, "?") {
		separator = "&"
	}
	return plainly(f.by.get(f.path + separator + more))
}

// again asks for what is there now.
func (f foreseen) again() string { return f.ask("") }

// plainly is an answer without what says of when it is: revisions, cursors and
// positions, and of problems what differs in each.
func plainly(a answer) string {
	body := a.json()
	if a.status != http.StatusOK {
		return fmt.Sprintf("%d %v", a.status, body["code"])
	}
	var plain func(v any)
	plain = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			delete(v, "revision")
			if v["nextCursor"] != nil {
				v["nextCursor"] = "more"
			}
			for _, one := range v {
				plain(one)
			}
		case []any:
			for _, one := range v {
				plain(one)
			}
		}
	}
	plain(body)
	text, err := json.MarshalIndent(body, "", " ")
	must(a.t, err)
	return string(text)
}

// series is the desk's forecast, and the months of it that are still to come.
func (w *foretelling) series(months int) []client.ForecastMonth {
	w.desk.After(w.Position())
	return when(w.desk.GetForecast(w.t.Context(), &client.GetForecastParams{Months: &months})).Then(w.t).JSON200.Months[1:]
}

// live moves the clock, from month to month of the series: what it says of each is
// what the lists of devices show on the evening before, and in the end on its last
// day.
func (w *foretelling) live(series []client.ForecastMonth, at time.Time) {
	count := func(query string) int {
		return int(w.desk.get("/v1/devices?limit=1&minPosition=" + w.Position() + "&" + query).is(http.StatusOK).json()["total"].(float64))
	}
	for _, m := range series {
		from, err := calendar.Parse(m.From)
		must(w.t, err)
		to, err := calendar.Parse(m.To)
		must(w.t, err)
		if evening := from.AddDays(-1).End(); evening.After(w.clock.Now()) && evening.Before(at) {
			w.liveUntil(evening)
			within := "&serviceEndFrom=" + m.From + "&serviceEndTo=" + m.To
			if got := []int{count("renewal=due" + within), count("renewal=automatic" + within)}; !slices.Equal(got, []int{m.Ends, m.Automatic}) {
				w.r.Fatalf("%s: %d end and %d automatically, foretold were %d and %d", m.Month, got[0], got[1], m.Ends, m.Automatic)
			}
		}
		if evening := to.End(); evening.After(w.clock.Now()) && evening.Before(at) && m.Month[5:] == "06" {
			w.liveUntil(evening)
			if got := count("expired=true"); got != m.Expired {
				w.r.Fatalf("%s: %d have expired, foretold were %d", m.Month, got, m.Expired)
			}
		}
	}
	if at.After(w.clock.Now()) {
		w.liveUntil(at)
	}
}
