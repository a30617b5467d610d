package transparency

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Keys sign checkpoints and manifests. The origin names the log; it is made of its
// first key, and stays when other keys follow.
type Keys struct {
	Origin  string
	signers []note.Signer // the one in force first
	public  []string
}

// NewKeys makes keys of their seeds, the first that ever was first.
func NewKeys(seeds [][]byte) (Keys, error) {
	if len(seeds) == 0 {
		return Keys{}, fmt.Errorf("there is no key for checkpoints")
	}
	first := sha256.Sum256(ed25519.NewKeyFromSeed(seeds[0]).Public().(ed25519.PublicKey))
	k := Keys{Origin: "fleetledger/" + hex.EncodeToString(first[:8])}
	for i := len(seeds) - 1; i >= 0; i-- {
		private := ed25519.NewKeyFromSeed(seeds[i])
		public, err := note.NewEd25519VerifierKey(k.Origin, private.Public().(ed25519.PublicKey))
		if err != nil {
			return k, fmt.Errorf("public key of checkpoints: %w", err)
		}
		hash := strings.Split(public, "+")[1]
		secret := base64.StdEncoding.EncodeToString(append([]byte{1}, seeds[i]...)) // 1: Ed25519
		signer, err := note.NewSigner("PRIVATE+KEY+" + k.Origin + "+" + hash + "+" + secret)
		if err != nil {
			return k, fmt.Errorf("key of checkpoints: %w", err)
		}
		k.signers, k.public = append(k.signers, signer), append(k.public, public)
	}
	return k, nil
}

// Public are the keys that verify, as c2sp.org/signed-note writes them, the one in
// force first.
func (k Keys) Public() []string { return k.public }

// signing are those of the public keys that sign signs with: the one in force and the
// one before it, so that whoever has only that one yet verifies a text, too.
func (k Keys) signing() []string { return k.public[:min(2, len(k.public))] }

// sign signs a text.
func (k Keys) sign(text string) ([]byte, error) {
	return note.Sign(&note.Note{Text: text}, k.signers[:len(k.signing())]...)
}

// Verifiers are the public keys that somebody trusts.
type Verifiers []note.Verifier

// ParseVerifiers reads public keys as c2sp.org/signed-note writes them.
func ParseVerifiers(keys ...string) (Verifiers, error) {
	var all Verifiers
	for _, key := range keys {
		v, err := note.NewVerifier(strings.TrimSpace(key))
		if err != nil {
			return nil, fmt.Errorf("the key %q is no public key of a signed note: %w", key, err)
		}
		all = append(all, v)
	}
	return all, nil
}

// open gives the text of a note that one of the keys has signed, and the names of
// those keys.
func (v Verifiers) open(signed []byte) (string, []note.Signature, error) {
	n, err := note.Open(signed, note.VerifierList(v...))
	if err != nil {
		return "", nil, err
	}
	return n.Text, n.Sigs, nil
}
