package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/private"
	"github.com/fleetledger/fleetledger/api/client"
)

// pgDump is the whole database of a running service, as PostgreSQL's own program
// writes it.
func pgDump(t *testing.T, dir string) string {
	t.Helper()
	url, err := private.ConnString(dir)
	require.NoError(t, err)
	out, err := exec.CommandContext(t.Context(), "pg_dump", url).Output()
	require.NoError(t, err)
	require.True(t, strings.Contains(string(out), "COPY eventnode.events"))
	return strings.ToLower(string(out))
}

// telling are the forms in which a dump may tell a text.
func telling(text string) map[string]string {
	lower := strings.ToLower(text)
	sum := sha256.Sum256([]byte(lower))
	forms := map[string]string{
		"as it is": lower, "in hex": hex.EncodeToString([]byte(text)),
		"hashed": hex.EncodeToString(sum[:16]), "hashed, in hex": hex.EncodeToString([]byte(hex.EncodeToString(sum[:16]))),
	}
	for shift := range 3 { // the middle of its base64, wherever it stands in a longer text
		coded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + text))
		forms["in base64 "+strings.Repeat("+", shift)] = strings.ToLower(coded[4 : len(coded)-4])
	}
	return forms
}

// The whole database, searched for everybody who was erased. The answers that were
// kept for repeats are gone: a repeat is neither answered nor done again.
func TestADumpTellsNothingOfTheErased(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("pg_dump"); err != nil {
		t.Skip("there is no pg_dump")
	}
	ctx, dir := context.Background(), t.TempDir()
	s := serve(t, dir)
	reseller, desk := s.reseller("Summit Wireless")
	by := s.client(desk)
	uuids := map[string]uuid.UUID{}
	secrets := []string{}
	told := func(texts ...string) { secrets = append(secrets, texts...) }

	first := client.NewCustomer{Name: "Prairie Fire", Administrator: client.Administrator{Email: "Zora.Quill@prairie.example", Name: new("Zora Quillfeather")}}
	account := when(by.CreateCustomer(ctx, &client.CreateCustomerParams{IdempotencyKey: new("create-zora.quill@prairie.example")}, first)).Then(t).JSON201.Uid
	uuids["administrator"] = when(by.GetAccount(ctx, account, nil)).Then(t).JSON200.Administrators[0].Id
	told(first.Administrator.Email, *first.Administrator.Name)

	// Refused, and the refusal is kept, too.
	when(by.CreateCustomer(ctx, &client.CreateCustomerParams{IdempotencyKey: new("again")},
		client.NewCustomer{Name: "Prairie Fire Two", Administrator: first.Administrator})).RefusedAs(t, http.StatusConflict)

	invited := client.NewUser{Email: "ottoline@summit.example", Name: new("Ottoline Vex"), Profiles: &[]string{"read-only"}}
	invite := &client.InviteUserParams{IdempotencyKey: new("invite-1")}
	uuids["user"] = when(by.InviteUser(ctx, reseller, invite, invited)).Then(t).JSON201.Uid
	told(invited.Email, *invited.Name)

	contact := client.NewContact{Email: "casimir@vendor.example", Name: new("Casimir Dray")}
	assign := &client.AssignChannelContactParams{IdempotencyKey: new("assign-1")}
	assigned := when(s.operator.AssignChannelContact(ctx, reseller, assign, contact)).Then(t)
	uuids["contact"] = assigned.JSON201.Id
	told(contact.Email, *contact.Name)
	require.Contains(t, string(assigned.Body), contact.Email, "what is answered tells of the contact")

	granted := s.granted(account)
	uuids["auditor"] = granted.Id
	told("ada@auditors.example")

	// One who has asked for another address, and changed it before.
	const password = "correct horse battery"
	visitor := s.client("")
	when(visitor.ActivateAccount(ctx, s.mailed(invited.Email, activationLink), client.ActivationRequest{Name: new("Ottoline Vex-Moor"), Password: password})).Then(t)
	ottoline := s.client(s.signIn(invited.Email, password))
	for _, email := range []string{"vex-moor@summit.example", "ottoline.moor@summit.example"} {
		when(ottoline.EditMe(ctx, nil, client.MeEdit{Email: new(email)})).Then(t)
	}

	before := pgDump(t, dir)
	for _, secret := range secrets {
		require.True(t, strings.Contains(before, strings.ToLower(secret)), "the test would find %s", secret)
	}
	told("Ottoline Vex-Moor", "vex-moor@summit.example", "ottoline.moor@summit.example") // never seen in plain
	for who, id := range uuids {
		when(s.operator.ErasePerson(ctx, id, &client.ErasePersonParams{IdempotencyKey: new("erase-" + who)}, client.Reason{})).Then(t)
	}
	require.Eventually(t, func() bool { // the read models follow
		dump := pgDump(t, dir)
		for _, secret := range secrets {
			for form, text := range telling(secret) {
				if strings.Contains(dump, text) {
					t.Logf("%s is still there, %s", secret, form)
					return false
				}
			}
		}
		return true
	}, 20*time.Second, 200*time.Millisecond)

	when(s.operator.AssignChannelContact(ctx, reseller, assign, contact)).Refused(t, http.StatusGone, "answer_erased")
	require.Len(t, when(s.operator.ListChannelContacts(ctx, reseller, nil)).Then(t).JSON200.Items, 1, "not assigned again")
	for who, id := range uuids {
		when(s.operator.ErasePerson(ctx, id, &client.ErasePersonParams{IdempotencyKey: new("erase-" + who)}, client.Reason{})).Then(t)
	}
	s.stop()
}
