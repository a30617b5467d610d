package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/client"
)

// The key of one person is gone: that stops the read models and a rebuild for
// everybody, with a line that says what helps. The operator goes on without, what
// has stopped goes on by itself, and the person can be erased.
func TestGoingOnWithoutALostKey(t *testing.T) {
	t.Parallel()
	long(t)
	dir := t.TempDir()
	s, ctx := serve(t, dir), t.Context()
	_, token := s.reseller("Summit Wireless")
	customer := s.customer(s.client(token), "Prairie Fire", "complete")
	s.registers(s.operator, customer, client.Registration{SerialNumber: "LD72997819284879", Imei: new("004491972154667")})
	lost := when(s.operator.GetAccount(ctx, customer, nil)).Then(t).JSON200.Administrators[0].Id
	require.Contains(t, fails(t, "persons", "unreadable", lost.String(), "--data-dir", dir), "nothing in the log is lost")
	db := s.database(t)
	_, err := db.Exec(ctx, `DELETE FROM ops.person_keys WHERE person = $1`, [16]byte(lost))
	require.NoError(t, err)
	command := "fleetledger persons unreadable " + lost.String()
	require.Contains(t, fails(t, "projections", "rebuild", "--data-dir", dir), command)
	_, err = db.Exec(ctx, `DELETE FROM ops.projector_checkpoint WHERE name = 'fleet'`) // as of models that are older
	require.NoError(t, err)
	s.kill()

	s = serve(t, dir)
	require.Eventually(t, func() bool { return !s.isReady() }, time.Minute, 20*time.Millisecond)
	_, err = s.operator.ErasePerson(ctx, lost, nil, client.Reason{})
	requireStatus(t, http.StatusNotFound, err)
	require.Contains(t, does(t, "projections", "status", "--data-dir", dir), command)
	require.Contains(t, does(t, "persons", "lost", "--data-dir", dir), lost.String())

	require.Contains(t, does(t, "persons", "unreadable", lost.String(), "--reason", "the disk broke", "--data-dir", dir), lost.String())
	require.Contains(t, fails(t, "persons", "unreadable", lost.String(), "--data-dir", dir), "nothing in the log is lost")
	require.NotContains(t, does(t, "persons", "lost", "--data-dir", dir), lost.String())
	require.Eventually(t, s.isReady, 20*time.Second, 20*time.Millisecond)
	shown := func() client.Person {
		t.Helper()
		return when(s.operator.GetAccount(ctx, customer, nil)).Then(t).JSON200.Administrators[0]
	}
	require.Eventually(t, func() bool {
		_, err := s.operator.GetAccount(ctx, customer, nil)
		return err == nil
	}, 20*time.Second, 20*time.Millisecond)
	require.Equal(t, client.Person{Id: lost, Email: "unreadable", Name: "unreadable"}, shown())
	var events int
	require.NoError(t, s.database(t).QueryRow(ctx, `SELECT count(*) FROM eventnode.events WHERE type = 'PersonUnreadable'`).Scan(&events))
	require.Equal(t, 1, events)
	does(t, "projections", "rebuild", "--data-dir", dir)
	when(s.operator.ErasePerson(ctx, lost, nil, client.Reason{})).Then(t)
	require.Equal(t, client.Person{Id: lost, Email: "erased", Name: "erased"}, shown())
}

func (s *service) isReady() bool {
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+"/readyz", http.NoBody)
	require.NoError(s.t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	require.NoError(s.t, answer.Body.Close())
	return answer.StatusCode == http.StatusOK
}
