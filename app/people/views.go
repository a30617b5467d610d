package people

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
)

// Limits of saved views.
const (
	maxViews     = 20 // of a user on a page
	maxViewName  = 60
	maxViewQuery = 2000
)

// SaveView keeps a filter of a page's list for the caller, under a name. Another one
// of the same name on the same page is replaced.
type SaveView struct {
	command.Command
	Page, Name, Query string
}

// notOfViews are the parameters of a list that a view leaves out: the day it shows and
// the place in it.
var notOfViews = []string{"asOf", "minPosition", "cursor", "from", "limit", "done"}

// SaveView saves a view. The caller has signed in (CodeSessionRequired).
func (s *Service) SaveView(ctx context.Context, caller access.Caller, c SaveView) (ports.View, error) {
	uid, err := signedIn(caller)
	if err != nil {
		return ports.View{}, err
	}
	v, err := c.normalise(uid, s.executor.Begin(caller.Actor, c.Command).At)
	if err != nil {
		return ports.View{}, err
	}
	var saved bool
	if c.DryRun {
		saved, err = s.fits(ctx, v)
	} else {
		saved, err = s.options.Store.SaveView(ctx, v, maxViews)
	}
	if err == nil && !saved {
		err = domain.Refuse(domain.Problem{Code: CodeTooManyViews, Detail: fmt.Sprintf("There are %d views on this page already. Remove one first.", maxViews)})
	}
	return v, err
}

// fits reports whether a view could be saved.
func (s *Service) fits(ctx context.Context, v ports.View) (bool, error) {
	all, err := s.options.Store.Views(ctx, v.User)
	others := 0
	for _, other := range all {
		if other.Page == v.Page && other.ID != v.ID {
			others++
		}
	}
	return others < maxViews, err
}

// normalise checks the input and gives all its problems at once.
func (c SaveView) normalise(user uuid.UUID, now time.Time) (ports.View, error) {
	name, problems := command.FreeText(c.Name, maxViewName, CodeViewName)
	if len(problems) == 0 && (name == "" || strings.ContainsAny(name, "\r\n")) {
		problems = []domain.Problem{{Code: CodeViewName, Detail: "A view needs a name of one line."}}
	}
	problems = domain.At("/name", problems)
	values, err := url.ParseQuery(strings.TrimPrefix(c.Query, "?"))
	if err != nil || len(c.Query) > maxViewQuery || strings.ContainsRune(c.Query, 0) {
		problems = append(problems, domain.Problem{Pointer: "/query", Code: CodeViewQuery, Detail: fmt.Sprintf("The query is not one of a list, or is longer than %d characters.", maxViewQuery)})
	}
	for _, name := range notOfViews {
		values.Del(name)
	}
	id := uuid.NewSHA1(user, []byte(c.Page+"\n"+strings.ToLower(name)))
	return ports.View{User: user, ID: id, Page: c.Page, Name: name, Query: values.Encode(), SavedAt: now.UTC().Truncate(time.Microsecond)}, domain.Refuse(problems...)
}

// Views are the caller's own, those of a page together, by name. The caller has signed
// in (CodeSessionRequired).
func (s *Service) Views(ctx context.Context, caller access.Caller) ([]ports.View, error) {
	uid, err := signedIn(caller)
	if err != nil {
		return nil, err
	}
	return s.options.Store.Views(ctx, uid)
}

// RemoveView removes one of the caller's own views and gives what it was. The caller
// has signed in (CodeSessionRequired).
func (s *Service) RemoveView(ctx context.Context, caller access.Caller, id uuid.UUID, c command.Command) (ports.View, error) {
	all, err := s.Views(ctx, caller)
	if err != nil {
		return ports.View{}, err
	}
	at := slices.IndexFunc(all, func(v ports.View) bool { return v.ID == id })
	if at < 0 {
		return ports.View{}, query.ErrNotFound
	}
	if c.DryRun {
		return all[at], nil
	}
	return all[at], s.options.Store.RemoveView(ctx, all[at].User, id)
}
