package app_test

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/user"
)

// plainCodes are one-time codes that are their own steps.
type plainCodes struct{}

func (plainCodes) New() ([]byte, error) { return []byte("secret"), nil }

func (plainCodes) Show([]byte, string) (text, uri string) { return "secret", "otpauth://totp/x" }

func (plainCodes) Step(_ []byte, code string) (int64, bool) {
	step, err := strconv.ParseInt(code, 10, 64)
	return step, err == nil
}

// nextCode is one that was not used before.
func nextCode() string { return strconv.FormatInt(lastCode.Add(1), 10) }

var lastCode atomic.Int64

// factor sets up a second factor of a caller who has signed in.
func (w *world) factor(caller access.Caller) uuid.UUID {
	w.t.Helper()
	begun, err := w.People.AddFactor(w.ctx, caller, people.AddFactor{Command: newCommand(), Kind: user.OneTimeCodes, Name: "phone"})
	require.NoError(w.t, err)
	_, err = w.People.ConfirmFactor(w.ctx, caller, people.ConfirmFactor{Command: newCommand(), Factor: begun.ID, Code: nextCode()})
	require.NoError(w.t, err)
	return begun.ID
}

// factorSecrets counts the secrets of a user's second factors and recovery codes.
func (w *world) factorSecrets(uid uuid.UUID) int {
	w.t.Helper()
	all, err := w.people.Factors.Of(w.ctx, uid)
	require.NoError(w.t, err)
	return len(all)
}

// lives reports whether the process has not died, which it may not have noticed.
func (p process) lives() bool { return p.life == nil || !p.dead }

// factorRow is a row about the second factors of an administrator, who has one.
func factorRow(name, covers string, begin func(w *world, round int, caller access.Caller, factor uuid.UUID) func(process) error) row {
	return row{name: name, covers: covers, begin: func(w *world, round int) func(process) error {
		m := &team{world: w, account: w.activated(round)}
		caller := m.signIn(numbered(round, "").Administrator.Email)
		caller.Factor = w.factor(caller)
		return begin(w, round, caller, caller.Factor)
	}}
}

func factorRows() []row {
	return []row{
		{name: "begin a second factor", covers: "People.AddFactor", single: oneWrite, begin: func(w *world, round int) func(process) error {
			m := &team{world: w, account: w.activated(round)}
			caller, c := m.signIn(numbered(round, "").Administrator.Email), newCommand()
			return func(on process) error {
				_, err := on.People.AddFactor(w.ctx, caller, people.AddFactor{Command: c, Kind: user.OneTimeCodes, Name: "phone"})
				return err
			}
		}},
		factorRow("confirm a second factor", "People.ConfirmFactor", func(w *world, _ int, caller access.Caller, _ uuid.UUID) func(process) error {
			begun, err := w.People.AddFactor(w.ctx, caller, people.AddFactor{Command: newCommand(), Kind: user.OneTimeCodes, Name: "tablet"})
			require.NoError(w.t, err)
			c := people.ConfirmFactor{Command: newCommand(), Factor: begun.ID, Code: nextCode()}
			return func(on process) error {
				_, err := on.People.ConfirmFactor(w.ctx, caller, c)
				if err == nil && on.lives() {
					require.Equal(w.t, 2, w.factorSecrets(uuid.MustParse(caller.Actor.ID)))
				}
				return err
			}
		}),
		factorRow("remove a second factor", "People.RemoveFactor", func(w *world, _ int, caller access.Caller, factor uuid.UUID) func(process) error {
			c := newCommand()
			return func(on process) error {
				_, err := on.People.RemoveFactor(w.ctx, caller, factor, c)
				return gone(err)
			}
		}),
		factorRow("replace recovery codes", "People.ReplaceRecoveryCodes", func(w *world, _ int, caller access.Caller, _ uuid.UUID) func(process) error {
			_, err := w.People.ReplaceRecoveryCodes(w.ctx, caller, newCommand())
			require.NoError(w.t, err)
			c := newCommand()
			return func(on process) error {
				_, err := on.People.ReplaceRecoveryCodes(w.ctx, caller, c)
				if err == nil && on.lives() {
					require.Equal(w.t, 2, w.factorSecrets(uuid.MustParse(caller.Actor.ID)), "those of before are gone")
				}
				return err
			}
		}),
		factorRow("reset second factors", "People.ResetFactors", func(w *world, _ int, caller access.Caller, _ uuid.UUID) func(process) error {
			c := people.UserCommand{Command: newCommand(), Account: caller.Own(), User: uuid.MustParse(caller.Actor.ID)}
			return func(on process) error {
				_, err := on.People.ResetFactors(w.ctx, operator(), c)
				if err == nil && on.lives() {
					require.Zero(w.t, w.factorSecrets(c.User))
				}
				return err
			}
		}),
		factorRow("sign in again with a second factor", "People.AnswerAgain", func(w *world, round int, caller access.Caller, _ uuid.UUID) func(process) error {
			address := fmt.Sprint("192.0.2.", round)
			return func(on process) error {
				in, err := w.People.SignInAgain(w.ctx, caller, people.SignInAgain{Password: password})
				require.NoError(w.t, err)
				_, err = on.People.AnswerAgain(w.ctx, caller, people.AnswerSecondStep{Challenge: in.Next.Challenge, Code: nextCode(), Address: address})
				return err
			}
		}),
		factorRow("sign in with a second factor", "People.AnswerSecondStep", func(w *world, round int, _ access.Caller, _ uuid.UUID) func(process) error {
			address := fmt.Sprint("192.0.2.", round)
			c := people.SignIn{Email: numbered(round, "").Administrator.Email, Password: password, Address: address}
			return func(on process) error {
				in, err := w.People.SignIn(w.ctx, c)
				require.NoError(w.t, err)
				require.Empty(w.t, in.Token)
				_, err = on.People.AnswerSecondStep(w.ctx, people.AnswerSecondStep{Challenge: in.Next.Challenge, Code: nextCode(), Address: address})
				return err
			}
		}),
	}
}

// mortalFactors is the store of second factors of a process that dies.
type mortalFactors struct {
	ports.Factors
	life *life
}

func (m mortalFactors) Put(ctx context.Context, f ports.Factor) error {
	return m.life.write(func() error { return m.Factors.Put(ctx, f) })
}

func (m mortalFactors) Use(ctx context.Context, id uuid.UUID, count int64, at time.Time) (fresh bool, err error) {
	err = m.life.write(func() error {
		fresh, err = m.Factors.Use(ctx, id, count, at)
		return err
	})
	return fresh, err
}

func (m mortalFactors) Settle(ctx context.Context, id uuid.UUID) error {
	return m.life.write(func() error { return m.Factors.Settle(ctx, id) })
}

func (m mortalFactors) Drop(ctx context.Context, id uuid.UUID) error {
	return m.life.write(func() error { return m.Factors.Drop(ctx, id) })
}

func (m mortalFactors) Begin(ctx context.Context, hash []byte, c ports.Challenge, now time.Time) (kept ports.Challenge, err error) {
	err = m.life.write(func() error {
		kept, err = m.Factors.Begin(ctx, hash, c, now)
		return err
	})
	return kept, err
}

func (m mortalFactors) Try(ctx context.Context, hash []byte, now time.Time, most int) (kept ports.Challenge, err error) {
	err = m.life.write(func() error {
		kept, err = m.Factors.Try(ctx, hash, now, most)
		return err
	})
	return kept, err
}

func (m mortalFactors) Finish(ctx context.Context, hash []byte) (was bool, err error) {
	err = m.life.write(func() error {
		was, err = m.Factors.Finish(ctx, hash)
		return err
	})
	return was, err
}
