// Package sealing encrypts small secrets: AES-256 in Galois/counter mode with a
// random nonce, bound to what the secret belongs to.
package sealing

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
)

// KeySize is the length of a key in bytes.
const KeySize = 32

// form is the first byte of everything sealed. Another algorithm, or another
// generation of keys, would be another form.
const form = 1

// ErrCannotOpen says that something was not sealed with this key for this
// owner, or was changed since.
var ErrCannotOpen = errors.New("cannot be opened with this key")

// NewKey makes a random key.
func NewKey() []byte {
	key := make([]byte, KeySize)
	_, _ = rand.Read(key) // never fails, by its documentation
	return key
}

// Seal encrypts plain. Only the same key and owner open it again. Sealing the
// same twice gives two different results.
func Seal(key, plain, owner []byte) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	return aead.Seal([]byte{form}, nil, plain, owner), nil //nolint:gosec // the nonce is made inside
}

// Open decrypts what Seal made, else ErrCannotOpen.
func Open(key, sealed, owner []byte) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	if len(sealed) == 0 || sealed[0] != form {
		return nil, fmt.Errorf("%w: unknown form", ErrCannotOpen)
	}
	plain, err := aead.Open(nil, nil, sealed[1:], owner)
	if err != nil {
		return nil, ErrCannotOpen
	}
	return plain, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("a key has %d bytes, not %d", KeySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("cipher: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("cipher: %w", err)
	}
	return aead, nil
}
