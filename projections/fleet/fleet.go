// Package fleet is the read model of the whole fleet: devices, accounts, their
// users, partnerships, audit grants, renewals, transfers, release requests, and the counts and days of each account that
// the Customers page is made of.
//
// They are one projection and not four, because they are read together: the
// Customers page joins all of them, a device shows its account's name. In one
// transaction they are always at one and the same position, which a reader
// gets as the position of its answer. Followed apart, each would be somewhere
// else; and as a filtered subscription tells little of its progress while
// there is no event for it, a read after a write to a device would wait for
// the accounts to hear that nothing had happened to them.
//
// Everything is kept by the time for people, when events say they happened (see
// eventlog.Times): a row of ..._versions holds from valid_from until before valid_to,
// the current one until infinity. The state
// column is the folded aggregate and the one truth; the other columns are taken
// from it when the row is written, to filter, sort and show (see table). Versions
// once written stay as they are, with one exception: an erased person's data goes
// from all of them, so that they are what a rebuild would make of the log then.
//
// Renewals, granted allocations, transfers, plans and release requests are kept as
// they are now, see renewals.go, transfers.go and releases.go.
//
// A forecast (query.Freshness) is made of the current rows and another day: dates
// count from it, invitations have run out by it, partnerships that end before are
// gone. What renews by itself is told by its service end and anchor day (endAhead).
//
// How renewal windows and first ends are counted is in windows.go.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/projections"
)

// Name is the projection's name.
const Name = "fleet"

// modelVersion goes up whenever tables, stored states or their meaning change; a test
// notices changed states.
const modelVersion = 8

// Prefixes of the streams it follows.
const (
	accountPrefix     = "account-"
	partnershipPrefix = "partnership-"
	devicePrefix      = "device-"
	userPrefix        = "user-"
	auditGrantPrefix  = "auditgrant-"
	renewalPrefix     = "renewalorder-"
	transferPrefix    = "transfer-"
	planPrefix        = "transferplan-"
	releasesPrefix    = "releases-"
	noticePrefix      = "notice-"
	roundPrefix       = "noticeround-"
	choicePrefix      = "noticechoice-"
)

// Projection declares it.
func Projection() projections.Projection {
	return projections.Projection{
		Name:    Name,
		Version: modelVersion,
		Prefixes: []string{
			accountPrefix, partnershipPrefix, devicePrefix, userPrefix, auditGrantPrefix, renewalPrefix,
			transferPrefix, planPrefix, releasesPrefix, noticePrefix, roundPrefix, choicePrefix,
		},
		Tables:  tables,
		Indexes: indexes,
		Apply:   apply,
	}
}

var errForeignStream = errors.New("the stream is not one of this projection")

// apply folds the batch per stream in memory and writes what changed, set by
// set: what it costs does not depend on how often a thing changed in between.
func apply(ctx context.Context, tx pgx.Tx, events []eventlog.Recorded) error {
	f := newFolds()
	for _, e := range events {
		t := f.ofStream(e.Stream)
		if t == nil {
			return fmt.Errorf("stream %s: %w", e.Stream, errForeignStream)
		}
		if err := t.add(e); err != nil {
			return fmt.Errorf("stream %s: %w", e.Stream, err)
		}
	}
	var load pgx.Batch
	for _, t := range f.all() {
		t.load(&load)
	}
	if err := tx.SendBatch(ctx, &load).Close(); err != nil {
		return fmt.Errorf("load rows: %w", err)
	}
	for _, e := range events {
		at := f.ofStream(e.Stream).fold(e)
		f.facts.add(e, at)
		f.renewals.device(e, f.devices)
	}
	if err := f.write(ctx, tx); err != nil {
		return err
	}
	return erase(ctx, tx, events)
}

// folds are one batch's work on all tables.
type folds struct {
	devices      *fold[device.State]
	accounts     *fold[accountState]
	partnerships *fold[partnership.State]
	users        *fold[userState]
	auditGrants  *fold[query.AuditGrant]
	counts       *counts
	facts        facts
	renewals     *renewals
	transfers    *transferRequests
	plans        *transferPlans
	releases     *releases
	notices      *notices
}

// tableFold is a fold of whatever state.
type tableFold interface {
	add(eventlog.Recorded) error
	load(*pgx.Batch)
	fold(eventlog.Recorded) time.Time
	write(*pgx.Batch) (copyFunc, error)
}

func newFolds() *folds {
	f := &folds{
		devices: newFold(deviceTable), accounts: newFold(accountTable), partnerships: newFold(partnershipTable),
		users: newFold(userTable), auditGrants: newFold(auditGrantTable), counts: newCounts(), renewals: &renewals{},
		transfers: &transferRequests{}, plans: &transferPlans{}, releases: &releases{}, notices: &notices{},
	}
	f.devices.each = f.counts.change
	return f
}

func (f *folds) all() []tableFold {
	return []tableFold{f.devices, f.accounts, f.partnerships, f.users, f.auditGrants, f.renewals, f.transfers, f.plans, f.releases, f.notices}
}

// ofStream is the fold that a stream belongs to, nil when there is none.
func (f *folds) ofStream(stream string) tableFold {
	switch {
	case strings.HasPrefix(stream, devicePrefix):
		return f.devices
	case strings.HasPrefix(stream, accountPrefix):
		return f.accounts
	case strings.HasPrefix(stream, partnershipPrefix):
		return f.partnerships
	case strings.HasPrefix(stream, userPrefix):
		return f.users
	case strings.HasPrefix(stream, auditGrantPrefix):
		return f.auditGrants
	case strings.HasPrefix(stream, renewalPrefix):
		return f.renewals
	case strings.HasPrefix(stream, transferPrefix):
		return f.transfers
	case strings.HasPrefix(stream, planPrefix):
		return f.plans
	case strings.HasPrefix(stream, releasesPrefix):
		return f.releases
	case strings.HasPrefix(stream, noticePrefix), strings.HasPrefix(stream, roundPrefix), strings.HasPrefix(stream, choicePrefix):
		return f.notices
	}
	return nil
}

func (f *folds) write(ctx context.Context, tx pgx.Tx) error {
	var batch pgx.Batch
	var copies []copyFunc
	for _, t := range f.all() {
		copyRows, err := t.write(&batch)
		if err != nil {
			return err
		}
		copies = append(copies, copyRows)
	}
	if err := f.counts.write(ctx, tx, &batch); err != nil {
		return err
	}
	f.facts.write(&batch)
	if batch.Len() > 0 {
		if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
			return fmt.Errorf("write rows: %w", err)
		}
	}
	for _, copyRows := range copies {
		if err := copyRows(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

func uidOf(stream, prefix string) (uuid.UUID, error) {
	uid, err := uuid.Parse(strings.TrimPrefix(stream, prefix))
	if err != nil {
		return uuid.Nil, fmt.Errorf("no uid in the name: %w", err)
	}
	return uid, nil
}
