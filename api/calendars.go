package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/query"
)

var calendarOrders = orders[people.Calendar]{
	"label":      byName(func(c people.Calendar) string { return c.Label }),
	"createdAt":  byTime(func(c people.Calendar) time.Time { return c.CreatedAt }),
	"expiresAt":  byTime(func(c people.Calendar) time.Time { return c.ExpiresAt }), // those that never do come first
	"lastReadAt": byTime(func(c people.Calendar) time.Time { return c.LastReadAt }),
}

func (h handlers) ListCalendars(ctx context.Context, r openapi.ListCalendarsRequestObject) (openapi.ListCalendarsResponseObject, error) {
	var in reading
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, calendarOrders.keys())
	if err := in.err(); err != nil {
		return nil, err
	}
	all, err := h.App.People.Calendars(ctx, callOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	found, err := paged(all, page, calendarOrders)
	if err != nil {
		return nil, err
	}
	return openapi.ListCalendars200JSONResponse{Total: found.Total, NextCursor: present(found.NextCursor), Items: list(found.Items, shownCalendar)}, nil
}

func (h handlers) CreateCalendar(ctx context.Context, r openapi.CreateCalendarRequestObject) (openapi.CreateCalendarResponseObject, error) {
	made, err := h.App.People.CreateCalendar(ctx, callOf(ctx).caller, people.CreateCalendar{
		Command: commandOf(ctx, nil), Label: r.Body.Label, Account: valueOf(r.Body.Account), ExpiresAt: valueOf(r.Body.ExpiresAt),
	})
	if err != nil {
		return nil, err
	}
	shown := shownCalendar(made.Calendar)
	return openapi.CreateCalendar201JSONResponse{
		Id: shown.Id, Label: shown.Label, Account: shown.Account, CreatedAt: shown.CreatedAt, ExpiresAt: shown.ExpiresAt,
		LastReadAt: shown.LastReadAt, Address: h.PublicURL + calendarPath + made.Token + calendarSuffix,
	}, nil
}

func (h handlers) RevokeCalendar(ctx context.Context, r openapi.RevokeCalendarRequestObject) (openapi.RevokeCalendarResponseObject, error) {
	return openapi.RevokeCalendar204Response{}, h.App.People.RevokeCalendar(ctx, callOf(ctx).caller, r.Calendar)
}

func shownCalendar(c people.Calendar) openapi.Calendar {
	shown := openapi.Calendar{
		Id: c.ID, Label: c.Label, CreatedAt: c.CreatedAt, ExpiresAt: instant(c.ExpiresAt), LastReadAt: instant(c.LastReadAt),
	}
	if uid := present(c.Account); uid != nil {
		shown.Account = &openapi.Owner{Uid: *uid, Name: present(c.AccountName)}
	}
	return shown
}

// GetCalendar needs nobody who has signed in: the rights are those that the feed's
// maker has now. What its maker may not see any more is not there, whatever the reason.
func (h handlers) GetCalendar(ctx context.Context, r openapi.GetCalendarRequestObject) (openapi.GetCalendarResponseObject, error) {
	caller, feed, err := h.App.People.CalendarCaller(ctx, r.Token)
	if err == nil {
		err = h.App.Accounts.Admit(ctx, caller, callOf(ctx).from)
	}
	var days query.List[query.ServiceDayRow]
	if err == nil {
		days, err = h.App.Devices.ServiceDays(ctx, caller, query.Freshness{})
	}
	switch {
	case errors.Is(err, access.ErrForbidden), errors.Is(err, access.ErrAddressNotAdmitted), errors.Is(err, access.ErrAccountEnded):
		return nil, query.ErrNotFound
	case err != nil:
		return nil, err
	}
	return calendarAnswer(calendarFile(h.PublicURL, feed, days)), nil
}

// calendarAnswer is a calendar as a file. Calendar programs ask again every few hours:
// its tag tells them that nothing has changed.
type calendarAnswer []byte

func (a calendarAnswer) VisitGetCalendarResponse(w http.ResponseWriter) error {
	sum := sha256.Sum256(a)
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf("inline; filename=%q", "renewals"+calendarSuffix))
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(sum[:16])+`"`)
	w.WriteHeader(http.StatusOK)
	_, err := bytes.NewReader(a).WriteTo(w)
	return err
}
