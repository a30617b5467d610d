package app_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
)

// letterbox takes mails, and may be shut.
type letterbox struct {
	mails []ports.Mail
	err   error
}

func (l *letterbox) Send(_ context.Context, m ports.Mail) error {
	if l.err == nil {
		l.mails = append(l.mails, m)
	}
	return l.err
}

func TestUserInvitationsAreMailed(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	waits := m.invite("bo@x.example", false, "renewals")
	revoked := m.invite("cy@x.example", true)
	_, err := m.People.RevokeInvitation(m.ctx, m.admin, m.about(revoked))
	require.NoError(t, err)
	m.join("di@x.example", true)
	var events []eventlog.Recorded
	for e, err := range m.log.ReadAll(m.ctx, eventlog.Position{}, "user-") {
		require.NoError(t, err)
		events = append(events, e)
	}
	box := &letterbox{}
	require.NoError(t, m.Mailings(box, "https://fleet.example").HandleBatch(m.ctx, eventlog.Batch{Events: events}))
	require.Len(t, box.mails, 1, "not to whom it is of no use any more")
	require.Equal(t, "bo@x.example", box.mails[0].To)
	require.Contains(t, box.mails[0].Body, "https://fleet.example/activate/"+m.Tokens.UserInvitation(waits, 1))
	box.err = context.DeadlineExceeded
	require.ErrorIs(t, m.Mailings(box, "").HandleBatch(m.ctx, eventlog.Batch{Events: events}), box.err)
}
