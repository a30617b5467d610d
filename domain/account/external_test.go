package account_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

var texts = account.ExternalAccount{
	UID: uuid.UUID{0x21}, Kind: account.SMS, Label: "Texts", Endpoint: "https://sms.operator.example/v2", Credential: uuid.UUID{0x22},
}

func add(x account.ExternalAccount) decision {
	return func(s account.State) ([]domain.Event, error) {
		return account.DecideAddExternalAccount(s, x)
	}
}

func editExternal(x account.ExternalAccount) decision {
	return func(s account.State) ([]domain.Event, error) {
		return account.DecideEditExternalAccount(s, x)
	}
}

func removeExternal(uid uuid.UUID) decision {
	return func(s account.State) ([]domain.Event, error) {
		return account.DecideRemoveExternalAccount(s, uid)
	}
}

func TestExternalAccounts(t *testing.T) {
	t.Parallel()
	s := given(t, created).When(add(texts)).Then(account.ExternalAccountAdded{
		Account: uid, ExternalAccount: texts.UID, Kind: texts.Kind, Label: texts.Label, Endpoint: texts.Endpoint, Credential: texts.Credential,
	})
	s.When(add(texts)).Then()
	other := texts
	other.UID, other.Label = uuid.UUID{0x23}, "TEXTS"
	s.When(add(other)).ThenRefused(account.CodeLabelTaken)
	other.Label = "SIMs"
	two := s.When(add(other)).ThenDone()

	edit := func(label, endpoint string, credential uuid.UUID) decision {
		return editExternal(account.ExternalAccount{UID: texts.UID, Label: label, Endpoint: endpoint, Credential: credential})
	}
	s.When(edit("", "", uuid.Nil)).Then()
	s.When(edit("texts", texts.Endpoint, texts.Credential)).
		Then(account.ExternalAccountRelabelled{Account: uid, ExternalAccount: texts.UID, Label: "texts"})
	two.When(edit("sims", "", uuid.Nil)).ThenRefused(account.CodeLabelTaken)
	const path, host = "https://sms.operator.example/v3", "https://elsewhere.example/v2"
	s.When(edit("", path, uuid.Nil)).Then(account.ExternalAccountEndpointChanged{Account: uid, ExternalAccount: texts.UID, Endpoint: path})
	s.When(edit("", host, uuid.Nil)).ThenRefused(account.CodeSecretRequired)
	s.When(edit("", "https://sms.operator.example:8443/v2", uuid.Nil)).ThenRefused(account.CodeSecretRequired)
	s.When(edit("", host, uuid.UUID{0x24})).Then(
		account.ExternalAccountEndpointChanged{Account: uid, ExternalAccount: texts.UID, Endpoint: host},
		account.ExternalAccountSecretReplaced{Account: uid, ExternalAccount: texts.UID, Credential: uuid.UUID{0x24}, Replaced: texts.Credential},
	).When(edit("", host, uuid.UUID{0x24})).Then()

	gone := s.When(removeExternal(texts.UID)).Then(account.ExternalAccountRemoved{Account: uid, ExternalAccount: texts.UID, Credential: texts.Credential})
	gone.When(removeExternal(texts.UID)).Then()
	gone.When(edit("x", "", uuid.Nil)).Then()

	reseller := created
	reseller.Type = account.Reseller
	given(t, reseller).When(add(texts)).ThenDone()
	sims := texts
	sims.Kind = account.SubscriptionManagement
	given(t, reseller).When(add(sims)).ThenRefused(account.CodeExternalNotAllowed)
	given(t, created).When(add(sims)).ThenDone()
	closed := s.When(closing).ThenDone()
	for _, change := range []decision{add(other), edit("x", "", uuid.Nil), removeExternal(texts.UID)} {
		closed.When(change).ThenRefused(account.CodeAccountClosed)
	}
	for n := range 19 {
		other.UID, other.Label = uuid.UUID{0xff, byte(n)}, fmt.Sprint("Number ", n)
		s = s.When(add(other)).ThenDone()
	}
	other.UID, other.Label = uuid.UUID{0xfe}, "One more"
	s.When(add(other)).ThenRefused(account.CodeTooManyExternal)
}

func TestNormaliseEndpoint(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		" https://SMS.Operator.example:443/V2/ ": "https://sms.operator.example/V2/",
		"https://sms.operator.example":           "https://sms.operator.example",
		"HTTPS://10.0.0.7:8443/a%2Fb":            "https://10.0.0.7:8443/a%2Fb",
		"https://[2001:DB8::0:1]/x":              "https://[2001:db8::1]/x",
	} {
		if got, problems := account.NormaliseEndpoint(in); got != want || problems != nil {
			t.Errorf("%q: %q, %v", in, got, problems)
		}
	}
	for _, bad := range []string{
		"", "sms.operator.example", "http://sms.operator.example", "ftp://x.example", "https://", "https:///v2", "https:x.example",
		"https://user@x.example", "https://user:secret@x.example", "https://:@x.example", "https://@x.example/", "https://x.example?token=secret",
		"https://x.example/?", "https://x.example#token", "https://x.example/#", "https://x example/", "https://x.example:0", "https://x.example:99999",
		"https://x.example:", "https://x.example:https", "https://[fe80::1%25eth0]/", "https://[::1", "https://-x.example", "https://x_y.example",
		"https://x.example/\x00", "https://x.example/%zz", "https://x.example/\xff", "https://x.example/" + strings.Repeat("a", 1000),
	} {
		if got, problems := account.NormaliseEndpoint(bad); len(problems) != 1 || problems[0].Code != account.CodeEndpointInvalid || got != "" {
			t.Errorf("%q: %q, %v", bad, got, problems)
		}
	}
}

func FuzzNormaliseEndpoint(f *testing.F) {
	for _, seed := range []string{"https://sms.operator.example:8443/v2", "https://[2001:db8::1]/", "https://a@b.example/?c#d", "https://x.example/%2e%2e//"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, problems := account.NormaliseEndpoint(s)
		if len(problems) > 0 {
			return
		}
		if again, problems := account.NormaliseEndpoint(got); again != got || len(problems) > 0 {
			t.Errorf("%q: %q, again %q, %v", s, got, again, problems)
		}
		if u, err := url.Parse(got); err != nil || u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Hostname() == "" {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	})
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"s", "two words", "-----BEGIN KEY-----\nx\n", strings.Repeat("é", 2048)} {
		if problems := account.CheckSecret(good); problems != nil {
			t.Errorf("%q: %v", good, problems)
		}
	}
	for _, bad := range []string{"", "\xff", strings.Repeat("a", 4097)} {
		if problems := account.CheckSecret(bad); len(problems) != 1 || problems[0].Code != account.CodeSecretInvalid || bad != "" && strings.Contains(problems[0].Detail, bad) {
			t.Errorf("%v", problems)
		}
	}
}
