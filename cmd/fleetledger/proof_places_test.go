package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"
)

// How many devices compete for the last places of a reseller's account.
const (
	proofPlaces  = 20
	proofTaken   = 18 // from the beginning
	proofDevices = 6
)

// Where a device is.
const (
	nowhere = iota
	atReseller
	atCustomer
	retiredAtReseller
	retiredAtCustomer
)

// placesState is where the devices are that compete.
type placesState [proofDevices]int8

// used are the places that are taken.
func (s placesState) used() int {
	n := proofTaken
	for _, at := range s {
		if at == atReseller {
			n++
		}
	}
	return n
}

// full tells whether one more may be refused.
func (s placesState) full(slack int) bool { return s.used()+slack >= proofPlaces }

func (s placesState) moved(device, to int) placesState {
	s[device] = int8(to)
	return s
}

// to is where a deed takes a device; the same place where it does nothing, or may not.
func (s placesState) to(d deed) int {
	at := int(s[d.a])
	switch {
	case d.do == "register" && at == nowhere, d.do == "transfer" && at == atReseller+atCustomer-d.b:
		return d.b
	case d.do == "retire" && (at == atReseller || at == atCustomer):
		return at + retiredAtReseller - atReseller
	case d.do == "reinstate" && (at == retiredAtReseller || at == retiredAtCustomer):
		return at - retiredAtReseller + atReseller
	}
	return at
}

// fits tells whether the account has room for what a deed does.
func (s placesState) fits(d deed) bool {
	return s.to(d) != atReseller || s[d.a] == atReseller || s.used() < proofPlaces
}

// placesRules: a reseller's account has 20 places. Registering, transferring in and
// reinstating takes one, transferring away and retiring frees it.
var placesRules = rules[placesState]{
	step: func(s placesState, d deed, o said) (placesState, bool) {
		if d.do == "used" {
			return s, s.used() == o.value
		}
		at := int(s[d.a])
		if d.do == "read" {
			if o.has("not_found") {
				o.value = nowhere
			}
			return s, at == o.value
		}
		if o.refused() {
			return s, refusedRightly(s, d, o)
		}
		to := s.to(d)
		done := to != at || d.do == "register" && at == d.b || d.do != "register" && d.do != "transfer" && at != nowhere
		return s.moved(d.a, to), done && s.fits(d)
	},
	effect: func(s placesState, d deed) placesState {
		if !s.fits(d) {
			return s
		}
		return s.moved(d.a, s.to(d))
	},
	claims: func(_, other deed) bool { return other.do != "read" && other.do != "used" },
}

// refusedRightly tells whether all is true that a refusal says.
func refusedRightly(s placesState, d deed, o said) bool {
	at := int(s[d.a])
	retired := at == retiredAtReseller || at == retiredAtCustomer
	account := at // that has the device
	if retired {
		account = at - retiredAtReseller + atReseller
	}
	for code := range strings.FieldsSeq(o.codes) {
		right := false
		switch code {
		case "device_busy": // others are at work on it: nothing was done
			right = true
		case "device_limit_reached":
			right = s.full(o.slack) && (d.b == atReseller || d.do == "reinstate")
		case "not_found", "device_not_found":
			right = at == nowhere
		case "not_in_source":
			right = at != nowhere && account == d.b
		case "device_retired":
			right = retired
		case "registered_elsewhere":
			right = d.do == "register" && at != nowhere && account != d.b
		}
		if !right {
			return false
		}
	}
	return true
}

// places are devices of a history that compete for the last places of a reseller.
type places struct {
	*history
	*pair
	first int // number of the first device
}

// pair is a reseller's account and one of its customers.
type pair struct{ reseller, customer uuid.UUID }

// account is that of a place.
func (p pair) account(at int) uuid.UUID {
	if at == atReseller {
		return p.reseller
	}
	return p.customer
}

// newPair opens two accounts.
func newPair(c *proofClient, n int) (*pair, bool) {
	open := func(path, kind string, account uuid.UUID) (uuid.UUID, bool) {
		body := map[string]any{
			"name": fmt.Sprintf("pair %d %s", n, kind), "administrator": map[string]string{"email": fmt.Sprintf("%s@x.example", uuid.New())},
		}
		if account == uuid.Nil {
			body["type"] = kind
		} else {
			body["offers"] = []string{"complete"}
		}
		r, ok := c.must(asked{method: http.MethodPost, path: path, body: body, account: account})
		return r.UID, ok
	}
	reseller, ok := open("/v1/accounts", "reseller", uuid.Nil)
	if !ok {
		return nil, false
	}
	customer, ok := open("/v1/customers", "customer", reseller)
	return &pair{reseller, customer}, ok
}

// router is a device as it is registered.
func router(n int, account uuid.UUID) map[string]any {
	return map[string]any{"serialNumber": serialOf(n), "esn": fmt.Sprintf("%08X", n+1), "account": account}
}

func serialOf(n int) string { return fmt.Sprintf("LD%014d", n) }

// registering is a request to register devices.
func registering(devices ...map[string]any) asked {
	return asked{method: http.MethodPost, path: "/v1/device-registrations", body: map[string]any{"items": devices}}
}

// transferring is a request to transfer a device to a place.
func (p pair) transferring(n, to int) asked {
	return asked{method: http.MethodPost, path: "/v1/transfers", body: map[string]any{
		"from": p.account(atReseller + atCustomer - to), "to": p.account(to), "devices": []string{serialOf(n)},
	}}
}

// orAllOrNothing makes one in three such requests all or nothing: of one device it comes
// to the same, but is carried out in other steps.
func (c *proofClient) orAllOrNothing(a asked) asked {
	if c.random.IntN(3) == 0 {
		a.path += "?atomic=true"
	}
	return a
}

func newPlaces(c *proofClient) (subject, bool) {
	n := c.number()
	accounts, ok := newPair(c, n)
	if !ok {
		return nil, false
	}
	s := &places{history: c.begins(fmt.Sprintf("places %d", n), placesRules.model()), pair: accounts, first: n * 100}
	var devices []map[string]any
	for i := range proofTaken {
		devices = append(devices, router(s.first+50+i, accounts.reseller))
	}
	_, ok = c.must(registering(devices...))
	return s, ok
}

func (s *places) full() bool { return false }

func (s *places) act(c *proofClient) {
	device, to := c.random.IntN(proofDevices), atReseller+c.random.IntN(2)
	path := "/v1/devices/" + serialOf(s.first+device)
	switch what := c.random.IntN(12); {
	case what < 3:
		c.does(s.history, deed{do: "register", a: device, b: to}, c.orAllOrNothing(registering(router(s.first+device, s.account(to)))), nothing)
	case what < 7:
		c.does(s.history, deed{do: "transfer", a: device, b: to}, c.orAllOrNothing(s.transferring(s.first+device, to)), nothing)
	case what < 8:
		c.does(s.history, deed{do: "retire", a: device}, asked{method: http.MethodPost, path: path + ":retire"}, nothing)
	case what < 10:
		c.does(s.history, deed{do: "reinstate", a: device}, asked{method: http.MethodPost, path: path + ":reinstate"}, nothing)
	case what < 11:
		if r, ok := c.read(path, nil); ok {
			c.records(s.history, deed{do: "read", a: device}, r, s.shown)
		}
	default:
		if r, ok := c.read("/v1/accounts/"+s.reseller.String()+"/slots", nil); ok {
			c.records(s.history, deed{do: "used"}, r, func(r reply) (int, int64) { return r.Used, 0 })
		}
	}
}

// shown is where a device is.
func (s *places) shown(r reply) (at int, revision int64) {
	at = atCustomer
	if r.Account.UID == s.reseller {
		at = atReseller
	}
	if r.LifeCycleState == "retired" {
		at += retiredAtReseller - atReseller
	}
	return at, r.Revision
}

// look reads all there is.
func (s *places) look(c *proofClient) bool {
	for device := range proofDevices {
		r, ok := c.reads("/v1/devices/"+serialOf(s.first+device), nil)
		if !ok {
			return false
		}
		c.records(s.history, deed{do: "read", a: device}, r, s.shown)
	}
	r, ok := c.reads("/v1/accounts/"+s.reseller.String()+"/slots", nil)
	if ok {
		c.records(s.history, deed{do: "used"}, r, func(r reply) (int, int64) { return r.Used, 0 })
	}
	return ok
}
