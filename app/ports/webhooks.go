package ports

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
)

// Webhook is an address that is told of events.
type Webhook struct {
	ID      uuid.UUID
	Account uuid.UUID // whose it is; uuid.Nil: the operator's
	Label   string
	Address string
	Types   []string  // none: all
	About   uuid.UUID // an account; uuid.Nil: all that Account sees
	Secret  int       // number of the one in force, 1 is the first
	// FormerUntil is until when messages are signed with the secret before, too.
	FormerUntil  time.Time
	RotatedBy    uuid.UUID // the command that made the secret; its repeat makes no other
	MadeBy       domain.Actor
	CreatedAt    time.Time
	Ended        string // why it is disabled: a code; empty: it is not
	EndedAt      time.Time
	LastEvent    uuid.UUID // it goes on behind this one; uuid.Nil: it begins with the first
	Moves        int       // how often it was sent elsewhere
	Attempts     int       // that have failed of the event that is next
	FailingSince time.Time
	Failing      time.Duration // since then, by the database's clock
}

// Delivery is an attempt to deliver a message.
type Delivery struct {
	N       int64
	Message uuid.UUID // the event's id, a test's own
	Type    string
	Attempt int // 1 is the first
	At      time.Time
	Took    time.Duration
	Status  int    // of the answer; 0: there was none
	Failure string // why it was not delivered: a code; empty: it was
	Reason  string
	Answer  string // the beginning of its body
}

// WebhookMessage is what is sent. Secrets are the keys that it is signed with.
type WebhookMessage struct {
	ID      uuid.UUID
	Body    []byte
	Secrets [][]byte
}

// WebhookSender sends messages to addresses that callers have chosen.
type WebhookSender interface {
	// Check says what is wrong with an address, for whoever chooses it; empty: nothing.
	Check(address string) string
	// Send makes one attempt. The delivery tells what became of it; an error is only that
	// of a context which ended.
	Send(ctx context.Context, address string, m WebhookMessage) (Delivery, error)
}

// Webhooks keeps webhooks and what was delivered.
type Webhooks interface {
	// Create keeps a webhook, unless its account has as many already as it may: false. A
	// webhook that is kept already is given as it is.
	Create(ctx context.Context, w Webhook, most int) (Webhook, bool, error)
	// Of are the webhooks of an account, uuid.Nil being the operator's.
	Of(ctx context.Context, account uuid.UUID) ([]Webhook, error)
	// Get gives a webhook; query.ErrNotFound.
	Get(ctx context.Context, id uuid.UUID) (Webhook, error)
	// Change changes a webhook as nobody else does meanwhile; query.ErrNotFound.
	Change(ctx context.Context, id uuid.UUID, change func(*Webhook) error) (Webhook, error)
	// Remove removes a webhook with what is kept of its deliveries.
	Remove(ctx context.Context, id uuid.UUID) error
	// Active are those that are told of events.
	Active(ctx context.Context) ([]uuid.UUID, error)
	// Claim gives an active webhook to one caller for a while; false: somebody else has
	// it, or it is none.
	Claim(ctx context.Context, id uuid.UUID, life time.Duration) (Webhook, bool, error)
	// Unclaim ends a claim.
	Unclaim(ctx context.Context, id uuid.UUID) error
	// Delivered notes an attempt. One that went well moves the webhook on behind the
	// event, unless it was sent elsewhere meanwhile; one that failed is counted, and the
	// webhook as it is then given.
	Delivered(ctx context.Context, w Webhook, d Delivery) (Webhook, error)
	// Passed moves a webhook on behind an event that it is not told of, unless it was sent
	// elsewhere meanwhile.
	Passed(ctx context.Context, w Webhook, event uuid.UUID) error
	// Tested notes a delivery that is of no event.
	Tested(ctx context.Context, id uuid.UUID, d Delivery) (Delivery, error)
	// Deliveries is a page of the attempts of a webhook, the youngest first.
	Deliveries(ctx context.Context, id uuid.UUID, p query.Page) (query.List[Delivery], error)
	// RemoveDeliveries removes up to limit attempts that are older than they are kept.
	RemoveDeliveries(ctx context.Context, age time.Duration, limit int) (int64, error)
}
