package codec_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fleetledger/fleetledger/domain/codec"
)

type person struct{ ID, Name string }

func (person) PersonalData() {}

type named struct {
	Who     person  `json:"who"`
	Deputy  *person `json:"deputy,omitempty"`
	Account string  `json:"account"`
}

func (named) EventType() string { return "Named" }

type anonymous struct{ Account string }

func (anonymous) EventType() string { return "Anonymous" }

type list struct {
	People []person `json:"people"`
}

func (list) EventType() string { return "List" }

type nested struct {
	Inner struct{ M map[string]*person }
}

func (nested) EventType() string { return "Nested" }

type unnamed struct{ Who person }

func (unnamed) EventType() string { return "Unnamed" }

// Personal data is found by its type: it cannot be forgotten in a declaration,
// and where it could not be sealed the program does not start.
func TestPersonalMembers(t *testing.T) {
	t.Parallel()
	r := codec.NewRegistry(codec.Of[named](), codec.Of[anonymous]())
	if diff := cmp.Diff([]string{"who", "deputy"}, r.Personal("Named")); diff != "" {
		t.Error(diff)
	}
	if got := r.Personal("Anonymous"); got != nil {
		t.Errorf("%v", got)
	}
	for name, declare := range map[string]func(){
		"in a list": func() { codec.Of[list]() }, "deep inside": func() { codec.Of[nested]() }, "without a name": func() { codec.Of[unnamed]() },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("personal data %s is accepted", name)
				}
			}()
			declare()
		}()
	}
}
