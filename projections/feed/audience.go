package feed

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/notice"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/release"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/transfer"
	"github.com/fleetledger/fleetledger/domain/user"
)

// audience is who is told of an item: who has the right in one of the accounts, or in
// each of them. Without accounts it is the operator alone.
type audience struct {
	need     rights.Right // empty: everybody who may call the service
	accounts []uuid.UUID
	inEach   bool
}

// everybody stands for all accounts.
var everybody = audience{accounts: []uuid.UUID{query.Everybody}}

// accountsOf are accounts, each once.
func accountsOf(uids ...uuid.UUID) []uuid.UUID {
	var all []uuid.UUID
	for _, uid := range uids {
		if uid != uuid.Nil && (len(all) == 0 || all[len(all)-1] != uid) {
			all = append(all, uid)
		}
	}
	return all
}

// subjects are what events are about that do not say themselves which accounts they
// concern: the first event of each did.
type subjects struct {
	wanted   []string
	accounts map[string][]uuid.UUID
	made     map[string]bool
}

func newSubjects() *subjects {
	return &subjects{accounts: map[string][]uuid.UUID{}, made: map[string]bool{}}
}

// subject is what an event is about: its stream, or the release request that it is of.
func subject(e eventlog.Recorded) string {
	switch e := e.Event.(type) {
	case release.ReleaseRequested:
		return "request-" + e.Request.String()
	case release.ReleaseRequestGranted:
		return "request-" + e.Request.String()
	case release.ReleaseRequestDenied:
		return "request-" + e.Request.String()
	case release.ReleaseRequestEnded:
		return "request-" + e.Request.String()
	}
	return e.Stream
}

func (s *subjects) want(e eventlog.Recorded) {
	name := subject(e)
	if _, known := s.accounts[name]; !known {
		s.accounts[name] = nil
		s.wanted = append(s.wanted, name)
	}
}

func (s *subjects) load(ctx context.Context, tx pgx.Tx) error {
	if len(s.wanted) == 0 {
		return nil
	}
	rows, _ := tx.Query(ctx, `SELECT subject, accounts FROM subjects WHERE subject = ANY ($1)`, s.wanted)
	var name string
	var accounts []uuid.UUID
	_, err := pgx.ForEachRow(rows, []any{&name, &accounts}, func() error {
		s.accounts[name] = accounts
		accounts = nil
		return nil
	})
	if err != nil {
		return fmt.Errorf("load subjects: %w", err)
	}
	s.wanted = nil
	return nil
}

// audience is who is told of an event that is not of a device.
func (s *subjects) audience(e eventlog.Recorded) audience {
	name := subject(e)
	if begun := named(e); begun != nil {
		s.accounts[name], s.made[name] = begun, true
	}
	all := s.accounts[name]
	switch category, uid, _ := strings.Cut(e.Stream, "-"); category + "-" {
	case accountPrefix:
		parsed, _ := uuid.Parse(uid)
		return audience{need: rights.AccountRead, accounts: accountsOf(parsed)}
	case cataloguePrefix:
		return everybody
	case userPrefix:
		return audience{need: rights.UsersRead, accounts: all}
	case partnershipPrefix:
		return audience{need: rights.PartnersRead, accounts: all}
	case orderPrefix, releasesPrefix:
		return audience{need: rights.DevicesRead, accounts: all}
	case transferPrefix, planPrefix:
		return audience{need: rights.DevicesRead, accounts: all, inEach: true}
	case noticePrefix, roundPrefix:
		return audience{need: rights.CustomersRead, accounts: all}
	}
	return audience{accounts: []uuid.UUID{}}
}

// named are the accounts that the first event of a subject names, nil for others. Of a
// request to an account for a device it is that account, whose stream it is in, and the
// one that asks.
func named(e eventlog.Recorded) []uuid.UUID {
	switch d := e.Event.(type) {
	case user.UserInvited:
		return accountsOf(d.Account)
	case user.UserActivated:
		return accountsOf(d.Account)
	case partnership.PartnershipEstablished:
		return accountsOf(d.Reseller, d.Customer)
	case partnership.PartnershipRequested:
		return accountsOf(d.Reseller, d.Customer)
	case order.RenewalOrdered:
		var all []uuid.UUID
		seen := map[uuid.UUID]bool{}
		for _, line := range d.Devices {
			if !seen[line.Account] {
				seen[line.Account] = true
				all = append(all, line.Account)
			}
		}
		return all
	case transfer.TransferRequested:
		return accountsOf(d.From, d.To)
	case transfer.TransferPlanned:
		return accountsOf(d.From, d.To)
	case notice.NoticePrepared:
		return accountsOf(d.Reseller)
	case notice.NoticeSkipped:
		return accountsOf(d.Reseller)
	case notice.NoticeRoundBegun:
		return accountsOf(d.Reseller)
	case release.ReleaseRequested:
		holder, _ := uuid.Parse(strings.TrimPrefix(e.Stream, releasesPrefix))
		return accountsOf(holder, d.Requester)
	}
	return nil
}
