package account

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/text"
)

// Codes of refusals about external accounts.
const (
	CodeExternalNotAllowed = "external_account_not_allowed"
	CodeExternalKind       = "kind_invalid"
	CodeTooManyExternal    = "too_many_external_accounts"
	CodeLabelInvalid       = "label_invalid"
	CodeLabelTaken         = "label_taken"
	CodeEndpointInvalid    = "endpoint_invalid"
	CodeSecretInvalid      = "secret_invalid"
	CodeSecretRequired     = "secret_required"
)

// Limits of external accounts.
const (
	maxExternalAccounts = 20
	maxLabel            = 100
	maxEndpoint         = 1000
	maxSecret           = 4096 // bytes
)

// ExternalAccount is an account at another service, such as a SIM operator's.
type ExternalAccount struct {
	UID        uuid.UUID
	Kind       ExternalKind
	Label      string
	Endpoint   string
	Credential uuid.UUID // names the secret
}

// ExternalAccount finds one of the account's external accounts.
func (s State) ExternalAccount(uid uuid.UUID) (ExternalAccount, bool) {
	for _, x := range s.ExternalAccounts {
		if x.UID == uid {
			return x, true
		}
	}
	return ExternalAccount{}, false
}

// NamesCredential reports whether a secret is in use.
func (s State) NamesCredential(id uuid.UUID) bool {
	return slices.ContainsFunc(s.ExternalAccounts, func(x ExternalAccount) bool { return x.Credential == id })
}

// external folds the events about external accounts.
func external(s State, e domain.Event) State {
	change := func(uid uuid.UUID, to func(*ExternalAccount)) {
		s.ExternalAccounts = slices.Clone(s.ExternalAccounts)
		for i := range s.ExternalAccounts {
			if s.ExternalAccounts[i].UID == uid {
				to(&s.ExternalAccounts[i])
			}
		}
	}
	switch e := e.(type) {
	case ExternalAccountAdded:
		s.ExternalAccounts = append(slices.Clone(s.ExternalAccounts), ExternalAccount{
			UID: e.ExternalAccount, Kind: e.Kind, Label: e.Label, Endpoint: e.Endpoint, Credential: e.Credential,
		})
	case ExternalAccountRelabelled:
		change(e.ExternalAccount, func(x *ExternalAccount) { x.Label = e.Label })
	case ExternalAccountEndpointChanged:
		change(e.ExternalAccount, func(x *ExternalAccount) { x.Endpoint = e.Endpoint })
	case ExternalAccountSecretReplaced:
		change(e.ExternalAccount, func(x *ExternalAccount) { x.Credential = e.Credential })
	case ExternalAccountRemoved:
		s.ExternalAccounts = slices.DeleteFunc(slices.Clone(s.ExternalAccounts), func(x ExternalAccount) bool { return x.UID == e.ExternalAccount })
	}
	return s
}

// NormaliseLabel gives a label as it is shown.
func NormaliseLabel(s string) (string, []domain.Problem) {
	label, _, err := text.Name(s, maxLabel)
	if err != nil {
		return "", problem(CodeLabelInvalid, "The label "+err.Error()+".")
	}
	return label, nil
}

var hostForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)

// NormaliseEndpoint checks the address of a service. Everybody who sees the
// account sees it: there is no place in it for a password, nor for a query,
// which is where tokens are put.
func NormaliseEndpoint(s string) (string, []domain.Problem) {
	invalid := problem(CodeEndpointInvalid, "The endpoint is an https address without user, password, query and fragment, such as https://sms.operator.example/v2.")
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || !utf8.ValidString(s) || u.Scheme != "https" || u.Opaque != "" || u.User != nil ||
		u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(s, "#") {
		return "", invalid
	}
	host, ok := normaliseHost(u)
	if !ok {
		return "", invalid
	}
	u.Host = host
	if s = u.String(); len(s) > maxEndpoint {
		return "", invalid
	}
	return s, nil
}

// normaliseHost gives host and port, without the port that goes without saying.
func normaliseHost(u *url.URL) (string, bool) {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if strings.Contains(host, ":") {
		ip, err := netip.ParseAddr(host)
		if err != nil || ip.Zone() != "" {
			return "", false
		}
		host = "[" + ip.String() + "]"
	} else if !hostForm.MatchString(host) {
		return "", false
	}
	if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) || strings.HasSuffix(u.Host, ":") {
		return "", false
	} else if port != "" && n != 443 {
		host += ":" + strconv.FormatUint(n, 10)
	}
	return host, true
}

// CheckSecret checks a secret. No answer repeats any of it.
func CheckSecret(s string) []domain.Problem {
	if s == "" || len(s) > maxSecret || !utf8.ValidString(s) {
		return problem(CodeSecretInvalid, "A secret has from 1 to "+strconv.Itoa(maxSecret)+" bytes of text.")
	}
	return nil
}

// DecideAddExternalAccount gives the account an external account, which is
// normalised. One that is there already is unchanged: its uid is the command's own.
func DecideAddExternalAccount(s State, x ExternalAccount) ([]domain.Event, []domain.Problem) {
	if p := open(s); p != nil {
		return nil, p
	}
	if _, known := s.ExternalAccount(x.UID); known {
		return nil, nil
	}
	problems := s.labelTaken(x.Label, x.UID)
	if s.Type == Reseller {
		problems = append(problems, domain.Problem{Code: CodeExternalNotAllowed, Detail: "A reseller account has no accounts of SIM operators."})
	}
	if len(s.ExternalAccounts) >= maxExternalAccounts {
		problems = append(problems, domain.Problem{Code: CodeTooManyExternal, Detail: "The account has as many external accounts as there can be."})
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return []domain.Event{ExternalAccountAdded{
		Account: s.UID, ExternalAccount: x.UID, Kind: x.Kind, Label: x.Label, Endpoint: x.Endpoint, Credential: x.Credential,
	}}, nil
}

// DecideEditExternalAccount changes what is not empty, all or nothing. A secret
// goes to the host it was given for only: with another host comes a new one.
func DecideEditExternalAccount(s State, to ExternalAccount) (events []domain.Event, problems []domain.Problem) {
	problems = open(s)
	is, known := s.ExternalAccount(to.UID)
	if len(problems) > 0 || !known {
		return nil, problems
	}
	if to.Label != "" && to.Label != is.Label {
		problems = append(problems, s.labelTaken(to.Label, to.UID)...)
		events = append(events, ExternalAccountRelabelled{Account: s.UID, ExternalAccount: is.UID, Label: to.Label})
	}
	if to.Endpoint != "" && to.Endpoint != is.Endpoint {
		if to.Credential == uuid.Nil && hostOf(to.Endpoint) != hostOf(is.Endpoint) {
			problems = append(problems, domain.Problem{
				Pointer: "/secret", Code: CodeSecretRequired, Detail: "The secret was given for another host. Give it again, or a new one.",
			})
		}
		events = append(events, ExternalAccountEndpointChanged{Account: s.UID, ExternalAccount: is.UID, Endpoint: to.Endpoint})
	}
	if to.Credential != uuid.Nil && to.Credential != is.Credential {
		events = append(events, ExternalAccountSecretReplaced{
			Account: s.UID, ExternalAccount: is.UID, Credential: to.Credential, Replaced: is.Credential,
		})
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return events, nil
}

// DecideRemoveExternalAccount takes an external account away.
func DecideRemoveExternalAccount(s State, uid uuid.UUID) ([]domain.Event, []domain.Problem) {
	is, known := s.ExternalAccount(uid)
	if p := open(s); p != nil || !known {
		return nil, p
	}
	return []domain.Event{ExternalAccountRemoved{Account: s.UID, ExternalAccount: uid, Credential: is.Credential}}, nil
}

// labelTaken is what stands against a label for an external account.
func (s State) labelTaken(label string, of uuid.UUID) []domain.Problem {
	for _, other := range s.ExternalAccounts {
		if other.UID != of && text.Key(other.Label) == text.Key(label) {
			return []domain.Problem{{Pointer: "/label", Code: CodeLabelTaken, Detail: "Another external account has this label."}}
		}
	}
	return nil
}

func hostOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return u.Host
}
