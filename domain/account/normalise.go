package account

import (
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/text"
)

// Longest accepted, in characters.
const (
	maxName          = 100
	maxEmail         = 254
	maxLocalPart     = 64 // of an e-mail address, in bytes
	maxLabelOfDomain = 63
)

// Limits of the security options.
const (
	PasswordMinimum    = 12 // characters, where an account asks for no more
	maxPasswordMinimum = 128
	minSessionMinutes  = 5
	maxSessionMinutes  = 30 * 24 * 60
	maxAddressRanges   = 100
	maxChannelContacts = 100
)

// Limits of external accounts.
const (
	maxExternalAccounts = 20
	maxLabel            = 100
	maxEndpoint         = 1000
	maxSecret           = 4096 // bytes
)

// Most profiles that an account has of its own.
const maxProfiles = 100

// NormaliseName gives an account's name as it is shown, and the key under
// which it is unique on the platform.
func NormaliseName(s string) (display, key string, problems []domain.Problem) {
	display, key, err := text.Name(s, maxName)
	if err != nil {
		return "", "", []domain.Problem{{Code: CodeNameInvalid, Detail: "The name " + err.Error() + "."}}
	}
	return display, key, nil
}

// NormaliseEmail gives an e-mail address as mail is sent to it, and the key
// under which it is unique on the platform: in any case of letters. A name
// beside the address, comments and quoted parts are refused.
func NormaliseEmail(s string) (display, key string, problems []domain.Problem) {
	display, key, err := text.Name(s, maxEmail)
	if err == nil {
		var parsed *mail.Address
		parsed, err = mail.ParseAddress(display)
		if err == nil && (parsed.Address != display || strings.ContainsAny(display, " \"")) {
			err = errNotPlain
		}
	}
	if err != nil {
		return "", "", []domain.Problem{{Code: CodeEmailInvalid, Detail: "This is not an e-mail address."}}
	}
	return display, key, nil
}

var errNotPlain = errors.New("more than an address")

// NewEmail is NormaliseEmail for an address that is new to the service: it is one that
// mail can go to over the internet. Those that were taken before go on.
func NewEmail(s string) (display, key string, problems []domain.Problem) {
	display, key, problems = NormaliseEmail(s)
	if len(problems) > 0 {
		return "", "", problems
	}
	local, host, _ := strings.Cut(display, "@")
	if len(local) > maxLocalPart || !isMailDomain(host) {
		return "", "", problem(CodeEmailInvalid, "This is not an e-mail address that mail can be sent to: what is behind the @ is a domain, such as customer.example.")
	}
	return display, key, nil
}

// isMailDomain reports whether a name has at least two labels of letters, digits and
// inner hyphens, and the last one is no number.
func isMailDomain(host string) bool {
	labels := strings.Split(host, ".")
	for _, label := range labels {
		letters := !strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
		})
		if label == "" || utf8.RuneCountInString(label) > maxLabelOfDomain || !letters || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	last := labels[len(labels)-1]
	return len(labels) > 1 && strings.ContainsFunc(last, unicode.IsLetter) && utf8.RuneCountInString(last) > 1
}

// normaliseRanges takes ranges and single addresses, each once, without the
// bits that do not count.
func normaliseRanges(texts []string) ([]string, bool) {
	ranges := []string{}
	for _, text := range texts {
		r, err := netip.ParsePrefix(text)
		if err != nil {
			one, err := netip.ParseAddr(text)
			if err != nil || one.Zone() != "" {
				return nil, false
			}
			one = one.Unmap()
			r = netip.PrefixFrom(one, one.BitLen())
		}
		if r.Addr().Is4In6() {
			return nil, false
		}
		if s := r.Masked().String(); !slices.Contains(ranges, s) {
			ranges = append(ranges, s)
		}
	}
	return ranges, len(ranges) <= maxAddressRanges
}

// NormaliseRights checks and orders the rights of a profile, each once. What
// only administrators or the operator may do is in no profile.
func NormaliseRights(names []string) ([]rights.Right, []domain.Problem) {
	assignable := rights.Assignable()
	var problems []domain.Problem
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		facts := map[string]string{"right": name}
		switch r := rights.Right(name); {
		case assignable.Has(r):
		case rights.Operator().Has(r):
			problems = append(problems, domain.Problem{Code: CodeRightNotAssignable, Detail: "No profile can have the right " + name + ".", Facts: facts})
		default:
			problems = append(problems, domain.Problem{Code: CodeRightUnknown, Detail: fmt.Sprintf("There is no right %q.", name), Facts: facts})
		}
	}
	if len(names) == 0 {
		problems = problem(CodeRightsMissing, "A profile needs at least one right.")
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return slices.DeleteFunc(assignable, func(r rights.Right) bool { return !slices.Contains(names, string(r)) }), nil
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
	invalid := problem(CodeEndpointInvalid, "An endpoint is an https address without user, password, query or fragment, such as https://sms.operator.example/v2.")
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
		return problem(CodeSecretInvalid, "A secret has 1 to "+strconv.Itoa(maxSecret)+" bytes of text.")
	}
	return nil
}
