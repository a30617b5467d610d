package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// External accounts over HTTP: what is asked of them, and that no secret comes
// out again, by an answer or in any table.
func TestExternalAccountsOverHTTP(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	s := newStack(t, apitest.On(pool))
	reseller, desk := s.reseller("Northwind")
	customer := s.customerOf(desk, "Contoso")
	s.fullAccess(reseller, customer)
	admin := s.signIn(customer, "")
	accounts := "/v1/accounts/" + customer.String() + "/external-accounts"
	const first, second = "hunter2-first-secret", "hunter2-second-secret"
	var answers strings.Builder
	said := func(a answer) answer {
		fmt.Fprint(&answers, a.header, string(a.body))
		return a
	}
	texts := func(label, endpoint, secret string) string {
		return fmt.Sprintf(`{"kind":"sms","label":%q,"endpoint":%q,"secret":%q}`, label, endpoint, secret)
	}
	const endpoint = "https://sms.operator.example/v2"
	said(admin.post(accounts, texts("\u202e", "https://u:"+first+"@x.example", ""))).
		refusedWith(422, "/label label_invalid", "/endpoint endpoint_invalid", "/secret secret_invalid")
	said(admin.post(accounts, strings.Replace(texts("Texts", endpoint, first), "sms", "fax", 1))).is(400)
	said(admin.post(accounts, texts("Texts", endpoint, strings.Repeat(first, 1000)))).is(400)
	said(admin.post(accounts, fmt.Sprintf(`{"kind":"sms","label":"Texts","endpoint":%q,"secret":{"is":%q}}`, endpoint, first))).is(400)
	said(admin.post(accounts, fmt.Sprintf(`{"kind":"sms","label":"Texts","endpoint":%q,"password":%q}`, endpoint, first))).is(400)
	said(s.signIn(reseller, "").post("/v1/accounts/"+reseller.String()+"/external-accounts", strings.Replace(texts("Texts", endpoint, first), "sms", "subscription_management", 1))).
		refusedWith(422, "/kind external_account_not_allowed")
	said(desk.post(accounts, texts("Texts", endpoint, first))).refusedWith(403, "missing_right")

	got := said(admin.post(accounts, texts("Texts", endpoint, first), "Idempotency-Key: one")).is(201)
	said(admin.post(accounts, texts("Texts", endpoint, first), "Idempotency-Key: one")).is(201)
	at := accounts + "/" + into[openapi.Written](got).Uid.String()
	expect(t, "location", got.header.Get("Location"), at)
	said(admin.post(accounts, texts("TEXTS", endpoint, first))).refusedWith(409, "/label label_taken")
	since := "?minPosition=" + got.header.Get("X-Position")
	want := openapi.ExternalAccount{
		Uid: into[openapi.Written](got).Uid, Kind: "sms", Label: "Texts", Endpoint: endpoint, SecretSet: true, SecretReplacedAt: s.clock.Now(),
	}
	shown := said(desk.get(at + since)).is(200) // the partner profile has account.read
	expect(t, "external account", into[openapi.ExternalAccount](shown), want)

	s.clock.Advance(time.Hour)
	said(admin.send(http.MethodPatch, at, `{"endpoint":"https://elsewhere.example"}`)).refusedWith(422, "/secret secret_required")
	said(admin.send(http.MethodPatch, at, `{"reason":"x"}`)).refusedWith(400, "field_missing")
	said(admin.send(http.MethodPatch, at, fmt.Sprintf(`{"label":"Messages","endpoint":"https://elsewhere.example","secret":%q}`, second),
		"If-Match: "+shown.header.Get("ETag"))).is(200)
	edited := said(admin.send(http.MethodPatch, at, `{"label":"Messages"}`)).is(200)
	since = "?minPosition=" + edited.header.Get("X-Position")
	want.Label, want.Endpoint, want.SecretReplacedAt = "Messages", "https://elsewhere.example", s.clock.Now()
	list := into[openapi.ExternalAccountList](said(admin.get(accounts + since)).is(200))
	expect(t, "list", list, openapi.ExternalAccountList{Items: []openapi.ExternalAccount{want}, Total: 1})

	dump := dumpOf(t, pool) + dumpOf(t, s.service.Node.Pool())
	if !strings.Contains(dump, "ExternalAccountSecretReplaced") || !strings.Contains(dump, "elsewhere.example") {
		t.Fatal("the dump is not one")
	}
	for _, secret := range []string{first, second, "hunter2"} {
		if strings.Contains(dump, secret) || strings.Contains(answers.String(), secret) {
			t.Errorf("%s came out", secret)
		}
		if hex := fmt.Sprintf("%x", secret); strings.Contains(dump, hex) {
			t.Errorf("%s is kept as it is", secret)
		}
	}
	var kept int
	must(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM ops.external_secrets`).Scan(&kept))
	expect(t, "secrets kept", kept, 1)

	removed := said(admin.send(http.MethodDelete, at+"?reason=left", "")).is(200)
	admin.get(at+"?minPosition="+removed.header.Get("X-Position")).refusedWith(404, "not_found")
	admin.send(http.MethodDelete, at, "").refusedWith(404, "not_found")
	must(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM ops.external_secrets`).Scan(&kept))
	expect(t, "secrets kept", kept, 0)
}

// dumpOf is all rows of all tables of a database as text. Binary columns are in
// hexadecimal, and those that hold text are there as text too.
func dumpOf(t *testing.T, pool *pgxpool.Pool) string {
	t.Helper()
	ctx := context.Background()
	rows, err := pool.Query(ctx, `SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`)
	must(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	var dump strings.Builder
	for _, table := range tables {
		rows, err := pool.Query(ctx, `SELECT t::text FROM `+table+` t`)
		must(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		must(t, err)
		for _, line := range lines {
			dump.WriteString(table + " " + line + "\n")
		}
	}
	return dump.String()
}
