package forecasts

import (
	"slices"
	"testing"
	"time"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

func TestMonths(t *testing.T) {
	t.Parallel()
	day := calendar.On
	now := time.Date(2027, 1, 30, 15, 0, 0, 0, time.UTC)
	leaves := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	row := query.ForecastRow{
		Ends: []query.EndCount{
			{Day: day(2020, 1, 1), Count: 1}, // long ago
			{Day: day(2027, 1, 29), Count: 2},
			{Day: day(2027, 1, 30), Count: 4}, // today still counts
			{Day: day(2027, 2, 28), Count: 8}, // expired from March on
			{Day: day(2027, 2, 10), Until: leaves, Count: 16},
			{Day: day(2027, 3, 10), Until: leaves, Count: 32},
			{Day: day(2030, 1, 1), Count: 64}, // beyond
		},
		Free: []query.EndCount{
			{Day: day(2027, 1, 30), AnchorDay: 30, Count: 1}, // has renewed today
			{Day: day(2027, 2, 28), AnchorDay: 31, Count: 2},
		},
	}
	rules := device.Rules{FreeTermMonths: 1}
	want := []Month{
		{From: day(2027, 1, 30), To: day(2027, 1, 31), Ends: 4, Expired: 1 + 2 + 4},
		{From: day(2027, 2, 1), To: day(2027, 2, 28), Ends: 8 + 16, Automatic: 3, Expired: 1 + 2 + 4 + 16},
		{From: day(2027, 3, 1), To: day(2027, 3, 31), Automatic: 3, Expired: 1 + 2 + 4 + 8},
	}
	if got := months(row, now, 3, rules); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	rules.FreeTermMonths = 60
	got := months(row, now, 60, rules)
	if len(got) != 60 || got[59].From != day(2031, 12, 1) || got[1].Automatic != 2 || got[36].Ends != 64 {
		t.Errorf("%+v", got)
	}
}
