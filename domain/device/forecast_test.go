package device_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// The forecast for a day is what renewing day by day makes of a device.
func TestForecastIsWhatTimeDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := device.DefaultRules
		rules.FreeTermMonths = rapid.SampledFrom([]int{0, 1, 7, 12, 60}).Draw(t, "months")
		begun := calendar.On(2027, 12, 1).AddDays(rapid.IntRange(0, 120).Draw(t, "begun"))
		anchor := max(begun.Day(), rapid.IntRange(1, 31).Draw(t, "anchor"))
		s := device.State{
			SerialNumber: "LD1", LifeCycle: rapid.SampledFrom([]device.LifeCycle{device.Active, device.InSuspension, device.OutOfService}).Draw(t, "life"),
			Service: device.Service{Start: begun, End: begun.AddMonths(1, anchor), AnchorDay: anchor, AutoRenew: rapid.Bool().Draw(t, "free")},
		}
		day := begun.AddDays(rapid.IntRange(0, 3000).Draw(t, "ahead"))
		lived := s
		for today := begun; today <= day; today++ {
			events, err := device.DecideRenew(lived, device.Renew{Automatic: true, Today: today, Rules: rules})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				lived = device.Evolve(lived, e)
			}
		}
		forecast := s.Forecast(day, rules)
		if diff := cmp.Diff(lived, forecast); diff != "" {
			t.Fatalf("on %s (- lived, + forecast):\n%s", day, diff)
		}
		if !s.AutoRenews() {
			return
		}
		for end := range device.FreeEnds(s.Service.End, anchor, rules) {
			if end > day || rules.FreeTermMonths == 0 {
				if end != forecast.Service.End {
					t.Fatalf("the first end after %s is %s, the forecast %s", day, end, forecast.Service.End)
				}
				break
			}
		}
	})
}
