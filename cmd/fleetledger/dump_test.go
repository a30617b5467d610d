package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/private"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/app/access"
)

// database is a connection to the private PostgreSQL of a running service.
func database(t *testing.T, dir string) *pgx.Conn {
	t.Helper()
	url, err := private.ConnString(dir)
	require.NoError(t, err)
	db, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close(t.Context()) })
	return db
}

// dumped is all rows of a service's database, as text.
func dumped(t *testing.T, dir string) string {
	t.Helper()
	return dumpOf(t, database(t, dir))
}

// dumpOf is all rows of a database, as text.
func dumpOf(t *testing.T, db *pgx.Conn) string {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
		WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Contains(t, tables, "eventnode.events")
	var all strings.Builder
	for _, table := range tables {
		rows, err := db.Query(t.Context(), `SELECT t::text FROM `+table+` t`)
		require.NoError(t, err)
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err, table)
		for _, row := range found {
			all.WriteString(table + " " + row + "\n")
		}
	}
	return all.String()
}

// keysIn are all values in a dump that may be a key of 32 bytes.
func keysIn(dump string) [][]byte {
	var keys [][]byte
	add := func(key []byte, err error) {
		if err == nil && len(key) == 32 {
			keys = append(keys, key)
		}
	}
	for _, text := range regexp.MustCompile(`[0-9A-Za-z+/]{43}=`).FindAllString(dump, -1) {
		add(base64.StdEncoding.DecodeString(text))
	}
	for _, text := range regexp.MustCompile(`[0-9a-f]{64,}`).FindAllString(dump, -1) {
		for at := 0; at+64 <= len(text); at += 2 {
			add(hex.DecodeString(text[at : at+64]))
		}
	}
	return keys
}

// mints tells which tokens somebody makes with what is in the database: those whose
// hash is in it, without which none works.
func (s *service) mints(account, grant uuid.UUID) []string {
	s.t.Helper()
	dump := dumped(s.t, s.dir)
	kept := func(token string) bool {
		hash := access.Hash(token)
		return strings.Contains(dump, base64.StdEncoding.EncodeToString(hash)) || strings.Contains(dump, hex.EncodeToString(hash)) ||
			strings.Contains(dump, hex.EncodeToString([]byte(base64.StdEncoding.EncodeToString(hash))))
	}
	var good []string
	tried := map[string]bool{}
	for _, key := range keysIn(dump) {
		if tried[string(key)] {
			continue
		}
		tried[string(key)] = true
		made := access.NewTokens(key, key)
		if kept(made.Invitation(account, 1)) {
			good = append(good, "invitation")
		}
		if kept(made.AuditGrant(grant)) {
			good = append(good, "audit grant")
		}
	}
	require.NotEmpty(s.t, tried)
	return good
}

// granted lets an auditor read an account.
func (s *service) granted(account uuid.UUID) client.CreatedAuditGrant {
	s.t.Helper()
	return *when(s.operator.GrantAudit(s.t.Context(), nil, client.NewAuditGrant{
		Auditor: client.Auditor{Email: "ada@auditors.example"}, Accounts: []uuid.UUID{account}, ExpiresAt: time.Now().AddDate(0, 1, 0),
	})).Then(s.t).JSON201
}

// From all rows of the database nobody makes a token that works. A version before kept
// the key of tokens there as it is: at the upgrade what was made with it ends, and the
// key goes.
func TestADumpMintsNoToken(t *testing.T) {
	t.Parallel()
	long(t)
	dir := t.TempDir()
	s := serve(t, dir)
	account, _ := s.reseller("Summit Wireless")
	granted := s.granted(account)
	require.Empty(t, s.mints(account, granted.Id))

	// What the version before has left: the key, and hashes of what it has made with it.
	former := sha256.Sum256([]byte("key of the version before"))
	tokens := access.NewTokens(former[:], former[:])
	personal, user := uuid.New(), uuid.New()
	s.stop()
	onStopped(t, dir, func(db *pgx.Conn) {
		_, err := db.Exec(t.Context(), `INSERT INTO ops.settings (key, value) VALUES ('secret-invitations', to_jsonb(encode($1::bytea, 'base64')))`, former[:])
		require.NoError(t, err)
		_, err = db.Exec(t.Context(), `INSERT INTO ops.personal_tokens (id, token_hash, user_uid, account, label, profile, rights, created_at, expires_at)
			VALUES ($1, $2, $3, $4, 'ci', 'full', '{}', now(), now() + interval '1 month')`, personal, access.Hash(tokens.Personal(personal)), user, account)
		require.NoError(t, err)
		require.Contains(t, keysIn(dumpOf(t, db)), former[:], "the test would find it")
	})

	s = serve(t, dir)
	require.Eventually(t, func() bool {
		var revoked bool
		require.NoError(t, database(t, dir).QueryRow(t.Context(), `SELECT revoked FROM ops.personal_tokens WHERE id = $1`, personal).Scan(&revoked))
		return revoked
	}, 20*time.Second, 50*time.Millisecond, "tokens of the former key end by themselves")
	require.NotContains(t, dumped(t, dir), base64.StdEncoding.EncodeToString(former[:]))
	require.Empty(t, s.mints(account, granted.Id))
	when(s.client(granted.Token).GetMe(t.Context(), nil)).Then(t) // of the key that stays
	s.stop()
	require.Contains(t, s.log.String(), "the secret that a version before kept in plain is gone")
	require.Contains(t, s.log.String(), personal.String())
}
