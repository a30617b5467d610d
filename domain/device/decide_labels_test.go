package device_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/domaintest"
)

func TestLabelsAreAddedAndRemoved(t *testing.T) {
	t.Parallel()
	change := func(c device.Labels) domaintest.Decision[device.State] {
		return func(s device.State) ([]domain.Event, error) { return device.DecideChangeLabels(s, c) }
	}
	uid := uuid.UUID{1}
	s := domaintest.Given(t, device.Evolve, device.Registered{Device: uid, SerialNumber: "LD1", LifeCycle: device.Active, Labels: []string{"a", "b"}})
	more := device.Labels{Add: []string{"c", "a"}, Remove: []string{"b", "x"}}
	s.When(change(more)).Then(device.Relabelled{Device: uid, OldLabels: []string{"a", "b"}, NewLabels: []string{"a", "c"}}).When(change(more)).Then()
	s.When(change(device.Labels{Remove: []string{"x"}})).Then()
	s.When(change(device.Labels{Set: &[]string{}})).Then(device.Relabelled{Device: uid, OldLabels: []string{"a", "b"}, NewLabels: []string{}})
	var many []string
	for i := range device.MaxLabels - 1 {
		many = append(many, fmt.Sprint(i))
	}
	s.When(change(device.Labels{Add: many})).ThenRefused(device.CodeLabelInvalid)
	s.When(change(device.Labels{Add: many, Remove: []string{"a"}})).ThenDone()
	domaintest.Given(t, device.Evolve).When(change(more)).ThenRefused(device.CodeDeviceNotFound)

	for code, c := range map[string]device.Labels{
		device.CodeLabelsMissing:   {},
		device.CodeLabelsAmbiguous: {Set: &[]string{}, Add: []string{"a"}},
		"":                         more,
	} {
		got := ""
		for _, p := range device.CheckLabels(c) {
			got += p.Code
		}
		if got != code {
			t.Errorf("%+v: %q", c, got)
		}
	}
	if p := device.CheckLabels(device.Labels{Add: []string{"a"}, Remove: []string{"a"}}); len(p) != 1 {
		t.Errorf("both: %v", p)
	}
}
