package keptanswers

import (
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

var ada = uuid.MustParse("0197f5a0-0000-7000-8000-00000000ada0")

func TestWhatTellsOfAPerson(t *testing.T) {
	t.Parallel()
	m := newMatcher(ada, []string{"Ada@Prairie.example", `Ada "Fire" <Lace>`, " ", ""})
	for _, telling := range []string{
		`{"email":"ada@prairie.example"}`, `{"items":[{"detail":"ADA@PRAIRIE.EXAMPLE is taken"}]}`,
		`{"name":"Ada \"Fire\" \u003cLace\u003e"}`, "a,b\n" + `"Ada ""Fire"" <Lace>",1`, "to;ada@prairie.example\n",
		`{"ada@prairie.example":1}`, `{"user":{"uid":"` + ada.String() + `","email":"other@prairie.example"}}`,
	} {
		require.True(t, m.body([]byte(telling)), telling)
	}
	for _, silent := range []string{
		``, `{}`, `{"uid":"` + ada.String() + `","revision":3}`, `{"email":"mada@prairie.example"}`, `{"email":"ada@prairie.examples"}`,
		`{"id":"` + ada.String() + `","email":"erased","name":"erased"}`, "a,b\n1,2",
	} {
		require.False(t, m.body([]byte(silent)), silent)
	}
}

// A repeat of a request whose answer was erased is neither answered nor let in.
func TestErasedAnswers(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	keys := postgres.NewIdempotencyKeys(pool, time.Minute, time.Hour, 0)
	request := func(key string) postgres.KeyedRequest {
		return postgres.KeyedRequest{Caller: "account-1", Key: key, Fingerprint: []byte("same")}
	}
	keep := func(key, body string) {
		t.Helper()
		claim, _, err := keys.Begin(t.Context(), request(key))
		require.NoError(t, err)
		require.NoError(t, keys.Finish(t.Context(), claim, postgres.Answer{Status: 201, Headers: map[string][]string{"Location": {"/"}}, Body: []byte(body)}))
	}
	const telling, silent = `{"email":"ada@prairie.example"}`, `{"email":"ben@prairie.example"}`
	for n := range 7 {
		keep(fmt.Sprintf("a%d", n), telling)
		keep(fmt.Sprintf("b%d", n), silent)
	}
	keep("invite ada@prairie.example", "{}")
	running, _, err := keys.Begin(t.Context(), request("running"))
	require.NoError(t, err)

	eraser := &Eraser{pool: pool, page: 3}
	for range 2 {
		require.NoError(t, eraser.Erase(t.Context(), ada, []string{"ada@prairie.example"}))
	}
	for n := range 7 {
		_, answer, err := keys.Begin(t.Context(), request(fmt.Sprintf("a%d", n)))
		require.ErrorIs(t, err, postgres.ErrAnswerErased)
		require.Nil(t, answer)
		_, answer, err = keys.Begin(t.Context(), request(fmt.Sprintf("b%d", n)))
		require.NoError(t, err)
		require.Equal(t, silent, string(answer.Body))
	}
	other := request("a0")
	other.Fingerprint = []byte("other")
	_, _, err = keys.Begin(t.Context(), other)
	require.ErrorIs(t, err, postgres.ErrKeyReused)
	require.NoError(t, keys.Finish(t.Context(), running, postgres.Answer{Status: 200}))
	var left string
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT string_agg(k::text, '') FROM ops.idempotency_keys k`).Scan(&left))
	const address = "ada@prairie.example"
	require.NotContains(t, left, address)
	require.NotContains(t, left, hex.EncodeToString([]byte(address)), "bodies are shown so")
}
