package view

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// Calendars are the feeds of renewals that the reader has made.
type Calendars struct {
	Items    []openapi.Calendar
	Accounts []openapi.Owner          // that one can be made of
	Chosen   string                   // account of a new one
	Made     *openapi.CreatedCalendar // shown this once
}

// of says whose devices a calendar shows.
func (c Calendars) of(one openapi.Calendar) string {
	switch {
	case one.Account == nil:
		return "All accounts that you see"
	case one.Account.Name != nil:
		return *one.Account.Name
	default:
		return "An account that you do not see any more"
	}
}

func (c Calendars) chosen(uid uuid.UUID) bool { return c.Chosen == uid.String() }

// calendarAddress is shown to be copied whole.
const calendarAddress = "calendar-address"
