package app_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/postgres/personkeys"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
)

var errDead = errors.New("the process is dead")

// life is that of a process. A step is one write to any of its ports; at the
// last step the process dies: before it, or after the store has done it and
// before the process has heard so. From then on no write gets through.
type life struct {
	mu     sync.Mutex
	left   int // steps until it dies, that one included
	before bool
	taken  int // steps begun
	dead   bool
}

// process is the service as it runs until its life ends; without one it goes on.
type process struct {
	*app.App
	*life
}

// mailer is the process's own way to send mails.
func (p process) mailer(m ports.Mailer) ports.Mailer {
	if p.life == nil {
		return m
	}
	return mortalMailer{m, p.life}
}

// dying is the service in a process that dies at the nth step.
func (w *world) dying(n int, before bool) process {
	l := &life{left: n, before: before}
	on := w.with(mortalLog{w.log, l}, func(d *app.Dependencies) {
		d.Persons = mortalKeys{d.Persons, l}
		if d.People.Store != nil {
			d.People.Store, d.People.Tokens = mortalPeople{d.People.Store, l}, mortalTokens{d.People.Tokens, l}
			d.People.Factors = mortalFactors{d.People.Factors, l}
			d.People.Answers = mortalAnswers{d.People.Answers, l}
		}
		if d.Operations != nil {
			d.Operations = mortalOperations{d.Operations, l}
		}
		d.Secrets = mortalSecrets{d.Secrets, l}
		if d.People.Resets != nil {
			d.People.Resets = mortalResets{d.People.Resets, l}
		}
		if d.Notices.Mailer != nil {
			d.Notices.Mailer = mortalMailer{d.Notices.Mailer, l}
		}
		if d.Sandbox != nil {
			d.Sandbox = mortalSandbox{d.Sandbox, l}
		}
	})
	return process{on, l}
}

// step takes a step. What do does itself is told whether this is the last one.
func (l *life) step(do func(last bool) error) error {
	l.mu.Lock()
	l.left--
	l.taken++
	last, over := l.left == 0, l.dead || l.left < 0
	l.dead = l.dead || last && l.before
	l.mu.Unlock()
	if over || last && l.before {
		return errDead
	}
	err := do(last)
	if last {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.dead = true
		return errDead
	}
	return err
}

func (l *life) write(do func() error) error { return l.step(func(bool) error { return do() }) }

// The ports of a process that dies. What only reads gets through.

type mortalLog struct {
	eventlog.Log
	life *life
}

func (m mortalLog) Append(ctx context.Context, stream string, expected eventlog.Revision, events ...eventlog.NewEvent) (revision eventlog.Revision, at eventlog.Position, err error) {
	err = m.life.step(func(last bool) (err error) {
		sealing := m.life
		if last {
			sealing = nil // does not die twice
		}
		// What is under way has an outcome before the test goes on.
		ctx := context.WithValue(context.WithoutCancel(ctx), sealingFor{}, sealing)
		revision, at, err = m.Log.Append(ctx, stream, expected, events...)
		return err
	})
	if err != nil {
		return 0, eventlog.Position{}, err
	}
	return revision, at, nil
}

// sealingFor is the context's key of the life of who appends. The making of a key
// for a person, within the append of an event that names one, is a step, too.
type sealingFor struct{}

// stepwise are the keys that the log of all processes seals with.
type stepwise struct{ *personkeys.Store }

func (s stepwise) Use(ctx context.Context, person uuid.UUID, stream string) (key ports.PersonKey, err error) {
	use := func() error {
		key, err = s.Store.Use(ctx, person, stream)
		return err
	}
	if l, _ := ctx.Value(sealingFor{}).(*life); l != nil {
		err = l.write(use)
		return key, err
	}
	err = use()
	return key, err
}

type mortalKeys struct {
	ports.PersonKeys
	life *life
}

func (m mortalKeys) Erase(ctx context.Context, person uuid.UUID) error {
	return m.life.write(func() error { return m.PersonKeys.Erase(ctx, person) })
}

func (m mortalKeys) GiveUp(ctx context.Context, person uuid.UUID, streams []string) error {
	return m.life.write(func() error { return m.PersonKeys.GiveUp(ctx, person, streams) })
}

type mortalAnswers struct {
	ports.KeptAnswers
	life *life
}

func (m mortalAnswers) Erase(ctx context.Context, person uuid.UUID, told []string) error {
	return m.life.write(func() error { return m.KeptAnswers.Erase(ctx, person, told) })
}

type mortalOperations struct {
	ports.OperationStore
	life *life
}

func (m mortalOperations) CreateOperation(ctx context.Context, op ports.Operation, request []byte, items [][]byte) error {
	return m.life.write(func() error { return m.OperationStore.CreateOperation(ctx, op, request, items) })
}

func (m mortalOperations) SaveChunk(ctx context.Context, id uuid.UUID, chunk ports.OperationChunk) error {
	return m.life.write(func() error { return m.OperationStore.SaveChunk(ctx, id, chunk) })
}

func (m mortalOperations) FailOperation(ctx context.Context, id uuid.UUID, reason string, at time.Time) error {
	return m.life.write(func() error { return m.OperationStore.FailOperation(ctx, id, reason, at) })
}

func (m mortalOperations) StopOperations(ctx context.Context, account uuid.UUID, reason string, upTo, at time.Time) error {
	return m.life.write(func() error { return m.OperationStore.StopOperations(ctx, account, reason, upTo, at) })
}

type mortalSandbox struct {
	ports.SandboxClock
	life *life
}

func (m mortalSandbox) MoveTo(ctx context.Context, t time.Time) error {
	return m.life.write(func() error { return m.SandboxClock.MoveTo(ctx, t) })
}

type mortalSecrets struct {
	ports.ExternalSecrets
	life *life
}

func (m mortalSecrets) Put(ctx context.Context, id, uid uuid.UUID, secret string) error {
	return m.life.write(func() error { return m.ExternalSecrets.Put(ctx, id, uid, secret) })
}

func (m mortalSecrets) Settle(ctx context.Context, id uuid.UUID) error {
	return m.life.write(func() error { return m.ExternalSecrets.Settle(ctx, id) })
}

func (m mortalSecrets) Drop(ctx context.Context, id uuid.UUID) error {
	return m.life.write(func() error { return m.ExternalSecrets.Drop(ctx, id) })
}

type mortalResets struct {
	ports.ResetQueue
	life *life
}

func (m mortalResets) QueuePasswordReset(ctx context.Context, reservation string, command uuid.UUID, traceparent string) error {
	return m.life.write(func() error { return m.ResetQueue.QueuePasswordReset(ctx, reservation, command, traceparent) })
}

type mortalMailer struct {
	ports.Mailer
	life *life
}

func (m mortalMailer) Send(ctx context.Context, mail ports.Mail) error {
	return m.life.write(func() error { return m.Mailer.Send(ctx, mail) })
}
