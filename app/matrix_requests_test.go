package app_test

import (
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/domain/account"
)

// requestedRow is a row about a request for a partnership that waits.
func requestedRow(name, covers string, do func(w *world, on process, id uuid.UUID, c command.Command) error) row {
	return row{name: name, covers: covers, single: oneAppend, begin: func(w *world, round int) func(process) error {
		_, id := w.requested(round)
		c := newCommand()
		return func(on process) error { return do(w, on, id, c) }
	}}
}

// requested has North Radio ask the account of a round, which is active.
func (w *world) requested(round int) (customer, id uuid.UUID) {
	w.t.Helper()
	created, err := w.Accounts.Create(w.ctx, operator(), numbered(round, account.Standard))
	require.NoError(w.t, err)
	_, err = w.People.Activate(w.ctx, w.Tokens.Invitation(created.UID, 1), people.Activate{Command: newCommand(), Password: password})
	require.NoError(w.t, err)
	asked, err := w.Partnerships.Request(w.ctx, administratorOf(w.fixed("North Radio")), partnerships.Request{Command: newCommand(), Customer: created.UID})
	require.NoError(w.t, err)
	return created.UID, asked.UID
}

func requestRows() []row {
	return []row{
		{name: "ask for a partnership", covers: "Partnerships.Request", single: oneAppend, begin: func(w *world, _ int) func(process) error {
			by, c := administratorOf(w.fixed("North Radio")), partnerships.Request{Command: newCommand(), Customer: uuid.New()}
			return func(on process) error {
				_, err := on.Partnerships.Request(w.ctx, by, c)
				return err
			}
		}},
		requestedRow("accept a request for a partnership", "Partnerships.AcceptRequest", func(w *world, on process, id uuid.UUID, c command.Command) error {
			until := w.clock.Now().AddDate(1, 0, 0)
			_, err := on.Partnerships.AcceptRequest(w.ctx, operator(), partnerships.AcceptRequest{Command: c, ID: id, Until: &until})
			return err
		}),
		requestedRow("decline a request for a partnership", "Partnerships.DeclineRequest", func(w *world, on process, id uuid.UUID, c command.Command) error {
			_, err := on.Partnerships.DeclineRequest(w.ctx, operator(), id, c)
			return err
		}),
		requestedRow("withdraw a request for a partnership", "Partnerships.WithdrawRequest", func(w *world, on process, id uuid.UUID, c command.Command) error {
			_, err := on.Partnerships.WithdrawRequest(w.ctx, operator(), id, c)
			return err
		}),
		{name: "mail requests for partnerships", covers: "Mailings.HandleBatch", begin: func(w *world, round int) func(process) error {
			before := w.end()
			w.requested(2 * round)
			w.requested(2*round + 1)
			events := eventlog.Batch{Events: w.after(before, "partnership-")}
			outbox, sent := w.outbox()
			return func(on process) error {
				err := on.Mailings(on.mailer(outbox), "http://fleet.example").HandleBatch(w.ctx, events)
				if err == nil {
					require.Len(w.t, sent(), 2)
				}
				return err
			}
		}},
	}
}
