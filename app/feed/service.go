package feed

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// ErrEventUnknown says that the feed has no event with the id to go on behind: it is of
// another log, or of a future that this one has lost.
var ErrEventUnknown = errors.New("the feed has no such event")

// needs are the rights that events are told by.
var needs = []rights.Right{
	rights.DevicesRead, rights.AccountRead, rights.PartnersRead, rights.CustomersRead, rights.UsersRead,
}

// maxWait is how long a read waits for its position.
const maxWait = 5 * time.Second

// Service reads the feed. It is safe for concurrent use.
type Service struct {
	access *access.Control
	feed   query.Feed
	log    eventlog.Log
}

// New makes the service.
func New(a *access.Control, f query.Feed, log eventlog.Log) *Service { return &Service{a, f, log} }

// Query says what to read. Empty filters are none.
type Query struct {
	After   uuid.UUID // the event to go on behind; uuid.Nil: begin with the first
	Types   []string
	Account uuid.UUID // that an event is about, or on either side of
	Device  uuid.UUID
	Limit   int // of events at a time
	// MinPosition is where the feed has to be in the log.
	MinPosition eventlog.Position
}

// Reading is one reader's way through the feed.
type Reading struct {
	service  *Service
	caller   access.Caller
	query    Query
	after    int64
	position eventlog.Position // where the feed was in the log at the last look
}

// Open begins to read. Without any right that events are told by it is forbidden; an
// unknown event to go on behind is ErrEventUnknown.
func (s *Service) Open(ctx context.Context, caller access.Caller, q Query) (*Reading, error) {
	if _, err := s.scopes(ctx, caller); err != nil {
		return nil, err
	}
	reaching, cancel := context.WithTimeout(ctx, maxWait)
	err := s.feed.Wait(reaching, q.MinPosition)
	cancel()
	if err != nil {
		return nil, err
	}
	r := &Reading{service: s, caller: caller, query: q}
	if q.After == uuid.Nil {
		return r, nil
	}
	r.after, err = s.find(ctx, q.After)
	return r, err
}

// find is the number of the event to go on behind. One that is not there is looked for
// once more when the feed knows all of the log: after a crash of the database the feed
// may be behind what it has told.
func (s *Service) find(ctx context.Context, event uuid.UUID) (int64, error) {
	n, err := s.feed.Find(ctx, event)
	if !errors.Is(err, query.ErrNotFound) {
		return n, err
	}
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	page, err := s.feed.Items(ctx, query.FeedQuery{Limit: 1})
	if err != nil {
		return 0, err
	}
	end := page.Position
	for e, err := range s.log.ReadAll(ctx, end, query.FeedStreams...) {
		if err != nil {
			return 0, err
		}
		end = e.Position
	}
	if err := s.feed.Wait(ctx, end); err != nil {
		return 0, err
	}
	if n, err = s.feed.Find(ctx, event); errors.Is(err, query.ErrNotFound) {
		return 0, ErrEventUnknown
	}
	return n, err
}

// The number of items that are looked at in one go: few where one is to be told, and more
// each time that nothing was.
const (
	narrowest = 20
	mostFound = 500
	widest    = 20_000
)

// Next gives the next events, none at the end of the feed. Rights are looked at anew each
// time.
func (r *Reading) Next(ctx context.Context) ([]Event, error) {
	scope, err := r.service.scopes(ctx, r.caller)
	if err != nil {
		return nil, err
	}
	look := int64(mostFound)
	if r.query.Limit == 1 {
		look = narrowest
	}
	for ; ; look = min(look*4, widest) {
		page, err := r.service.feed.Items(ctx, query.FeedQuery{
			After: r.after, Upto: r.after + look, Types: r.query.Types, Device: r.query.Device, Limit: mostFound,
		})
		if err != nil {
			return nil, err
		}
		r.position = page.Position
		events, looked, err := r.told(ctx, scope, page.Found)
		switch {
		case err != nil:
			return nil, err
		case looked < len(page.Found) || looked == mostFound: // there may be more up to there
			r.after = page.Found[looked-1].N
		default:
			r.after = min(r.after+look, page.Items)
		}
		if len(events) > 0 || r.after >= page.Items {
			return events, nil
		}
		if err := r.skip(ctx, scope, page.Items); err != nil {
			return nil, err
		}
	}
}

// told are the events among items that the caller is told of, up to the limit, and how
// many of the items were looked at for that.
func (r *Reading) told(ctx context.Context, scope *scope, found []query.FeedItem) (events []Event, looked int, err error) {
	var items []query.FeedItem
	for looked < len(found) && len(items) < r.query.Limit {
		i := found[looked]
		looked++
		if scope.sees(i) && (r.query.Account == uuid.Nil || scope.has(i, r.query.Account)) {
			items = append(items, i)
		}
	}
	events, err = r.service.events(ctx, scope, items)
	return events, looked, err
}

// skip passes items that are about none of the accounts that are looked for.
func (r *Reading) skip(ctx context.Context, scope *scope, end int64) error {
	accounts := scope.accounts
	switch {
	case r.query.Account != uuid.Nil:
		accounts = []uuid.UUID{r.query.Account}
	case scope.all:
		return nil
	}
	next, err := r.service.feed.Next(ctx, r.after, accounts)
	switch {
	case err != nil:
		return err
	case next == 0:
		r.after = max(r.after, end)
	default:
		r.after = max(r.after, next-1)
	}
	return nil
}

// Wait returns when there may be more, or with query.ErrNotCaughtUp at the context's
// deadline.
func (r *Reading) Wait(ctx context.Context) error { return r.service.Beyond(ctx, r.position) }

// Behind is the last event that was looked at, told or not: a later reading goes on behind
// it. uuid.Nil: none was.
func (r *Reading) Behind(ctx context.Context) (uuid.UUID, error) {
	if r.after == 0 {
		return uuid.Nil, nil
	}
	return r.service.feed.At(ctx, r.after)
}

// Position is where the feed was in the log when it was read last.
func (r *Reading) Position() eventlog.Position { return r.position }

// End is the last event of the whole feed, uuid.Nil where it has none, and where the feed
// is in the log.
func (s *Service) End(ctx context.Context) (uuid.UUID, eventlog.Position, error) {
	page, err := s.feed.Items(ctx, query.FeedQuery{})
	if err != nil || page.Items == 0 {
		return uuid.Nil, page.Position, err
	}
	last, err := s.feed.At(ctx, page.Items)
	return last, page.Position, err
}

// Now is the last event of the whole feed once it has all that was in the log at the call.
func (s *Service) Now(ctx context.Context) (uuid.UUID, error) {
	last, position, err := s.End(ctx)
	if err != nil {
		return last, err
	}
	latest := position
	for e, err := range s.log.ReadAll(ctx, position, query.FeedStreams...) {
		if err != nil {
			return last, err
		}
		latest = e.Position
	}
	if latest == position {
		return last, nil
	}
	reaching, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	if err := s.feed.Wait(reaching, latest); err != nil {
		return last, err
	}
	last, _, err = s.End(ctx)
	return last, err
}

// Has reports whether the feed has an event.
func (s *Service) Has(ctx context.Context, event uuid.UUID) (bool, error) {
	_, err := s.feed.Find(ctx, event)
	if errors.Is(err, query.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Tells reports whether a caller is told of an event, if only of a part.
func (s *Service) Tells(ctx context.Context, caller access.Caller, event uuid.UUID) (bool, error) {
	scope, err := s.scopes(ctx, caller)
	if errors.Is(err, access.ErrForbidden) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	n, err := s.feed.Find(ctx, event)
	if errors.Is(err, query.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	page, err := s.feed.Items(ctx, query.FeedQuery{After: n - 1, Upto: n, Limit: 1})
	return err == nil && len(page.Found) == 1 && scope.sees(page.Found[0]), err
}

// Beyond returns when the feed is beyond a position in the log, or with
// query.ErrNotCaughtUp at the context's deadline.
func (s *Service) Beyond(ctx context.Context, p eventlog.Position) error {
	p.Prepare++
	return s.feed.Wait(ctx, p)
}

// scope is what a caller is told by: the accounts in which it has each right.
type scope struct {
	all      bool // the operator
	both     bool // also sides of partnerships that are not its own: the operator and auditors
	own      uuid.UUID
	in       map[rights.Right]map[uuid.UUID]bool
	accounts []uuid.UUID // those of any right
}

func (s *Service) scopes(ctx context.Context, caller access.Caller) (*scope, error) {
	if caller.Operator() && caller.ActingFor == uuid.Nil {
		return &scope{all: true}, nil
	}
	scopes, err := s.access.Request(caller).Scopes(ctx, needs, query.Freshness{})
	if err != nil {
		return nil, err
	}
	known, in := map[uuid.UUID]bool{}, map[rights.Right]map[uuid.UUID]bool{}
	for right, accounts := range scopes {
		in[right] = make(map[uuid.UUID]bool, len(accounts))
		for _, uid := range accounts {
			in[right][uid], known[uid] = true, true
		}
	}
	return &scope{
		both: caller.Operator() || caller.Auditor(), own: caller.Own(), in: in, accounts: slices.Collect(maps.Keys(known)),
	}, nil
}

// sees reports whether the caller is told of an item.
func (s *scope) sees(i query.FeedItem) bool {
	switch {
	case s.all:
		return true
	case i.Need == "":
		return slices.Contains(i.Accounts, query.Everybody)
	case i.InEach:
		return len(i.Accounts) > 0 && s.seesAll(i)
	case strings.HasPrefix(i.Stream, partnership.Aggregate.Prefix()) && !s.both && !slices.Contains(i.Accounts, s.own):
		return false // who else an account works with is not its partner's business
	}
	return slices.ContainsFunc(i.Accounts, func(uid uuid.UUID) bool { return s.in[i.Need][uid] })
}

// has reports whether an item is about an account in which the caller has the right.
func (s *scope) has(i query.FeedItem, account uuid.UUID) bool {
	return slices.Contains(i.Accounts, account) && (s.all || s.in[i.Need][account])
}

// seesAll reports whether the caller has the right in each account of the item.
func (s *scope) seesAll(i query.FeedItem) bool {
	return s.all || i.Need == "" || !slices.ContainsFunc(i.Accounts, func(uid uuid.UUID) bool { return !s.in[i.Need][uid] })
}

// seesWhole reports whether nothing of the item is kept from the caller: a partnership is
// the whole business of either side.
func (s *scope) seesWhole(i query.FeedItem) bool {
	return s.seesAll(i) || strings.HasPrefix(i.Stream, partnership.Aggregate.Prefix())
}

// knows reports whether the account is the caller's, or one in which it has any right.
func (s *scope) knows(uid uuid.UUID) bool {
	return s.all || uid == uuid.Nil || uid == s.own || slices.Contains(s.accounts, uid)
}

// mayKnow reports whether the caller is told of another account that something about its
// own or about others' has to do with: who else an account deals with is not its
// partners' business.
func (s *scope) mayKnow(i query.FeedItem, other uuid.UUID) bool {
	return s.both || s.knows(other) || slices.Contains(i.Accounts, s.own)
}
