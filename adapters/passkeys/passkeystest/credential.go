// Package passkeystest makes passkeys for tests.
package passkeystest

import virtual "github.com/descope/virtualwebauthn"

// Credential makes a passkey with a key on P-256. The library writes a coordinate that
// begins with a zero byte too short, which no verifier takes: of 128 keys about one is
// passed over.
func Credential() virtual.Credential {
	const whole = 77 // bytes of the key in COSE form
	for {
		if c := virtual.NewCredential(virtual.KeyTypeEC2); len(c.Key.AttestationData()) == whole {
			return c
		}
	}
}
