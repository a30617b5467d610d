package webhooks

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/feed"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Options are what a Service needs.
type Options struct {
	Store  ports.Webhooks
	Sender ports.WebhookSender
	// Encode is an event as a message has it.
	Encode func(feed.Event) ([]byte, error)
	// Queue queues the job that has events delivered, where none waits yet.
	Queue func(ctx context.Context, webhooks []uuid.UUID) error
	// Hurry lets the job of a webhook run now, whatever pause it makes.
	Hurry     func(ctx context.Context, webhook uuid.UUID) error
	Mailer    ports.Mailer // takes what administrators are told
	PublicURL string       // without a slash at the end
	GiveUp    time.Duration
	Pauses    []time.Duration // between the attempts of one event; the last one stays
	Security  ports.SecurityLog
}

// DefaultGiveUp is how long an address may fail before its webhook is disabled.
const DefaultGiveUp = 5 * 24 * time.Hour

// Most is how many webhooks an account may have.
const Most = 20

// Service has the use cases of this package. It is safe for concurrent use.
type Service struct {
	Options
	executor *command.Executor
	access   *access.Control
	feed     *feed.Service
	tokens   access.Tokens
}

// New makes the service.
func New(x *command.Executor, a *access.Control, f *feed.Service, t access.Tokens, o Options) *Service {
	if o.GiveUp <= 0 {
		o.GiveUp = DefaultGiveUp
	}
	if len(o.Pauses) == 0 {
		o.Pauses = pauses
	}
	return &Service{Options: o, executor: x, access: a, feed: f, tokens: t}
}

// account is whose webhooks a caller has to do with: those of the account that it acts
// for, which needs users.manage or to read users.read in it, or the operator's own.
func (s *Service) account(ctx context.Context, caller access.Caller, right rights.Right) (uuid.UUID, error) {
	uid := caller.Account()
	if uid == uuid.Nil {
		return uid, access.OperatorOnly(caller, rights.OperationsRead)
	}
	return uid, s.access.Request(caller).Require(ctx, uid, right)
}

// manages is account for what changes something.
func (s *Service) manages(ctx context.Context, caller access.Caller) (uuid.UUID, error) {
	uid, err := s.account(ctx, caller, rights.UsersManage)
	if err == nil {
		err = s.access.Request(caller).MayWrite(ctx, rights.UsersManage)
	}
	return uid, err
}

// find is a webhook of the account.
func (s *Service) find(ctx context.Context, account, id uuid.UUID) (ports.Webhook, error) {
	w, err := s.Store.Get(ctx, id)
	if err == nil && w.Account != account {
		err = query.ErrNotFound
	}
	return w, err
}

// secrets are the keys that a webhook's messages are signed with now.
func (s *Service) secrets(w ports.Webhook, now time.Time) [][]byte {
	all := [][]byte{s.tokens.Webhook(w.ID, w.Secret)}
	if now.Before(w.FormerUntil) {
		all = append(all, s.tokens.Webhook(w.ID, w.Secret-1))
	}
	return all
}

// note enters in the security log that a secret was made or is of no use any more.
func (s *Service) note(ctx context.Context, kind ports.SecurityKind, caller access.Caller, w ports.Webhook) {
	s.Security.Note(ctx, ports.SecurityEntry{Kind: kind, Account: w.Account, Actor: caller.Actor, From: caller.From, Why: "webhook " + w.ID.String()})
}

func (s *Service) logger() *slog.Logger { return s.executor.Logger }

// caller is who reads the feed for a webhook.
func caller(w ports.Webhook) access.Caller {
	if w.Account == uuid.Nil {
		return access.Caller{Actor: access.OperatorActor}
	}
	return access.Caller{
		Actor:         domain.Actor{Kind: domain.ActorSystem, ID: "webhooks", Account: w.Account},
		Administrator: true, Rights: rights.Administrator(),
	}
}
