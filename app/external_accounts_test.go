package app_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// secrets are those kept, by the id that events name.
func (w *world) secrets() map[uuid.UUID]string {
	w.t.Helper()
	rows, err := w.pool.Query(w.ctx, `SELECT id, sealed FROM ops.external_secrets`)
	require.NoError(w.t, err)
	all := map[uuid.UUID]string{}
	var id uuid.UUID
	var sealed []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &sealed}, func() error {
		plain, err := w.key.Open(sealed, id[:])
		all[id] = string(plain)
		return err
	})
	require.NoError(w.t, err)
	return all
}

// inForce are the secrets that an account's external accounts have, by label.
func (w *world) inForce(uid uuid.UUID) map[string]string {
	w.t.Helper()
	var s account.State
	for e, err := range w.log.ReadStream(w.ctx, account.Aggregate.Stream(uid), 0) {
		require.NoError(w.t, err)
		s = account.Evolve(s, e.Event)
	}
	kept, all := w.secrets(), map[string]string{}
	for _, x := range s.ExternalAccounts {
		secret, ok := kept[x.Credential]
		require.True(w.t, ok, "%s has lost its secret", x.Label)
		all[x.Label] = secret
	}
	return all
}

func texting(c command.Command, uid uuid.UUID, label, secret string) accounts.AddExternalAccount {
	return accounts.AddExternalAccount{
		Command: c, Account: uid, Kind: account.SMS, Label: label, Endpoint: "https://sms.operator.example", Secret: secret,
	}
}

func TestWhoHasExternalAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail") // which lets the reseller do everything
	other := w.customer(reseller, "Echo Rail")
	for caller, want := range map[*access.Caller]error{
		new(administratorOf(reseller)):                  access.ErrForbidden, // a partner
		new(withRights(customer, rights.AccountRead)):   access.ErrForbidden,
		new(administratorOf(w.reseller("South Radio"))): query.ErrNotFound,
		new(withRights(customer, rights.AccountEdit)):   nil,
		new(operator()): nil,
	} {
		done, err := w.Accounts.AddExternalAccount(w.ctx, *caller, texting(newCommand(), customer, uuid.NewString(), "s"))
		require.ErrorIs(t, err, want)
		if want == nil {
			_, err = w.Accounts.RemoveExternalAccount(w.ctx, *caller, accounts.RemoveExternalAccount{Command: newCommand(), Account: other, ExternalAccount: done.UID})
			require.Error(t, err, "of another account")
		}
	}
	admin := administratorOf(customer)
	kept := len(w.secrets())
	bad := texting(newCommand(), customer, " ", "")
	bad.Kind, bad.Endpoint = "fax", "http://x.example"
	_, err := w.Accounts.AddExternalAccount(w.ctx, admin, bad)
	refused(t, err, account.CodeExternalKind, account.CodeLabelInvalid, account.CodeEndpointInvalid, account.CodeSecretInvalid)
	sims := texting(newCommand(), reseller, "SIMs", "s")
	sims.Kind = account.SubscriptionManagement
	_, err = w.Accounts.AddExternalAccount(w.ctx, administratorOf(reseller), sims)
	refused(t, err, account.CodeExternalNotAllowed)
	_, err = w.Accounts.EditExternalAccount(w.ctx, admin, accounts.EditExternalAccount{Command: newCommand(), Account: customer, ExternalAccount: uuid.New(), Secret: new("s")})
	require.ErrorIs(t, err, query.ErrNotFound)
	require.Len(t, w.secrets(), kept, "what is refused leaves no secret")
}

// A command that comes again when others have replaced the secret since does not
// bring its own back, nor take theirs away.
func TestRepeatedSecretsStayReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.customer(w.reseller("North Radio"), "Delta Rail")
	admin := administratorOf(customer)
	add := texting(newCommand(), customer, "Texts", "first")
	done, err := w.Accounts.AddExternalAccount(w.ctx, admin, add)
	require.NoError(t, err)
	replace := func(secret string) accounts.EditExternalAccount {
		return accounts.EditExternalAccount{Command: newCommand(), Account: customer, ExternalAccount: done.UID, Secret: &secret}
	}
	second, third := replace("second"), replace("third")
	for _, c := range []accounts.EditExternalAccount{second, third, second} {
		_, err = w.Accounts.EditExternalAccount(w.ctx, admin, c)
		require.NoError(t, err)
		again, err := w.Accounts.AddExternalAccount(w.ctx, admin, add)
		require.NoError(t, err)
		require.Equal(t, done.UID, again.UID)
	}
	require.Equal(t, map[string]string{"Texts": "third"}, w.inForce(customer))
	require.Len(t, w.secrets(), 1)

	var g errgroup.Group
	for n := range 8 {
		g.Go(func() error {
			_, err := w.Accounts.EditExternalAccount(w.ctx, admin, replace(fmt.Sprint("secret ", n)))
			return err
		})
	}
	require.NoError(t, g.Wait())
	require.Contains(t, w.inForce(customer)["Texts"], "secret ")
	require.Len(t, w.secrets(), 1)
	stale := eventlog.Revision(0)
	c := replace("late")
	c.IfRevision = &stale
	_, err = w.Accounts.EditExternalAccount(w.ctx, admin, c)
	require.ErrorIs(t, err, command.ErrPrecondition)
	require.Len(t, w.secrets(), 1)
}

// living runs a service that dies at step n, and says whether it has.
func (w *world) living(n int, before bool, do func(*app.App) error) (died bool, err error) {
	on := w.dying(n, before)
	err = do(on.App)
	return on.dead, err
}

// externalLife is everything that happens to external accounts, with commands of
// its own for each round.
func externalLife(w *world, uid uuid.UUID, round int) func(*app.App) error {
	return func(on *app.App) error {
		c := func(n int) command.Command { return command.Command{ID: seed(100*round + n)} }
		texts, err := on.Accounts.AddExternalAccount(w.ctx, operator(), texting(c(1), uid, fmt.Sprint("Texts ", round), "first"))
		if err != nil {
			return err
		}
		_, err = on.Accounts.EditExternalAccount(w.ctx, operator(), accounts.EditExternalAccount{
			Command: c(2), Account: uid, ExternalAccount: texts.UID, Endpoint: new("https://elsewhere.example"), Secret: new("second"),
		})
		if err != nil {
			return err
		}
		sims, err := on.Accounts.AddExternalAccount(w.ctx, operator(), texting(c(3), uid, fmt.Sprint("SIMs ", round), "third"))
		if err != nil {
			return err
		}
		_, err = on.Accounts.RemoveExternalAccount(w.ctx, operator(), accounts.RemoveExternalAccount{Command: c(4), Account: uid, ExternalAccount: sims.UID})
		return err
	}
}

// Dying between any two steps: no secret in force is lost, and when the command
// was repeated only those in force are left.
func TestCrashesOfExternalAccounts(t *testing.T) {
	t.Parallel()
	for _, before := range []bool{true, false} {
		t.Run(fmt.Sprintf("before=%t", before), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			uid := w.fixed("Delta Rail")
			for n := 1; ; n++ {
				require.Less(t, n, 19, "the command does not end")
				life := externalLife(w, uid, n)
				died, err := w.living(n, before, life)
				w.later()
				w.inForce(uid)
				if err != nil { // a death while clearing up is none to the client
					require.True(t, died)
					require.NoError(t, life(w.App), "repeated after death at step %d", n)
					w.later()
				}
				want := map[string]string{}
				for round := 1; round <= n; round++ {
					want[fmt.Sprint("Texts ", round)] = "second"
				}
				require.Equal(t, want, w.inForce(uid), "after death at step %d", n)
				require.Len(t, w.secrets(), n, "after death at step %d", n)
				if !died {
					require.Greater(t, n, 9, "the command has hardly died")
					return
				}
			}
		})
	}
}

// A closed account keeps no secrets.
func TestSecretsGoWithTheAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	closing, staying := w.fixed("Delta Rail"), w.customer(w.fixed("North Radio"), "Echo Rail")
	for _, uid := range []uuid.UUID{closing, staying} {
		for _, label := range []string{"Texts", "SIMs"} {
			_, err := w.Accounts.AddExternalAccount(w.ctx, operator(), texting(newCommand(), uid, label, label))
			require.NoError(t, err)
		}
	}
	_, err := w.Accounts.Close(w.ctx, operator(), accounts.Close{Command: newCommand(), Account: closing, Confirm: true})
	require.NoError(t, err)
	w.later()
	require.Len(t, w.secrets(), 2)
	require.Equal(t, map[string]string{"Texts": "Texts", "SIMs": "SIMs"}, w.inForce(staying))
}

// What a command kept that died before the event, and did not come again, goes
// by its age; what is in use stays, however it got there.
func TestForgottenSecretsGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid := w.fixed("Delta Rail")
	adding := func(label string) func(*app.App) error {
		return func(on *app.App) error {
			_, err := on.Accounts.AddExternalAccount(w.ctx, operator(), texting(newCommand(), uid, label, label))
			return err
		}
	}
	_, err := w.living(2, true, adding("dead before the event"))
	require.ErrorIs(t, err, errDead)
	_, err = w.living(2, false, adding("dead behind the event"))
	require.ErrorIs(t, err, errDead)
	died, err := w.living(3, true, adding("not settled"))
	require.NoError(t, err)
	require.True(t, died)
	require.Len(t, w.secrets(), 3)
	require.NoError(t, w.Accounts.ForgetSecrets(w.ctx))
	require.Len(t, w.secrets(), 3, "too early to tell")
	_, err = w.pool.Exec(w.ctx, `UPDATE ops.external_secrets SET created_at = created_at - interval '25 hours'`)
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, w.Accounts.ForgetSecrets(w.ctx))
		require.Equal(t, map[string]string{"dead behind the event": "dead behind the event", "not settled": "not settled"}, w.inForce(uid))
		require.Len(t, w.secrets(), 2)
	}
	var unsettled int
	require.NoError(t, w.pool.QueryRow(w.ctx, `SELECT count(*) FROM ops.external_secrets WHERE NOT settled`).Scan(&unsettled))
	require.Zero(t, unsettled)
}
