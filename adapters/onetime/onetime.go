// Package onetime makes and checks the codes of authenticator apps (TOTP, RFC 6238):
// app's OneTimeCodes. Apps know one form well: SHA-1, six digits, thirty seconds.
package onetime

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/fleetledger/fleetledger/app/ports"
)

const (
	secretSize = 20 // bytes, as RFC 4226 recommends
	period     = 30 // seconds
	tolerance  = 1  // steps that a phone's clock may be off
)

// Codes checks codes by a clock.
type Codes struct {
	issuer string
	now    func() time.Time
}

var _ ports.OneTimeCodes = (*Codes)(nil)

// New checks codes by the machine's clock: people's phones know no other time, whatever
// a sandbox's is. Apps show the issuer.
func New(issuer string) *Codes { return At(issuer, time.Now) }

// At checks codes by another clock.
func At(issuer string, now func() time.Time) *Codes { return &Codes{issuer: issuer, now: now} }

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// New implements ports.OneTimeCodes.
func (*Codes) New() ([]byte, error) {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // never fails, by its documentation
	return secret, nil
}

// Show implements ports.OneTimeCodes.
func (c *Codes) Show(secret []byte, accountName string) (text, uri string) {
	text = encoding.EncodeToString(secret)
	query := url.Values{
		"secret": {text}, "issuer": {c.issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {fmt.Sprint(period)},
	}
	address := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + c.issuer + ":" + accountName, RawQuery: strings.ReplaceAll(query.Encode(), "+", "%20")}
	return text, address.String()
}

// Step implements ports.OneTimeCodes. All steps are compared, whichever fits.
func (c *Codes) Step(secret []byte, code string) (step int64, ok bool) {
	code = strings.Join(strings.Fields(code), "") // apps show them in groups
	present, text := c.now().Unix()/period, encoding.EncodeToString(secret)
	for at := present - tolerance; at <= present+tolerance; at++ {
		fits, err := hotp.ValidateCustom(code, uint64(at), text, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && fits {
			step, ok = at, true
		}
	}
	return step, ok
}
