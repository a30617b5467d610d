package sealing

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"
)

// Keys are those of an installation: one in force, which Seal uses, and others that
// Open knows, too, while one follows the other. They are safe for concurrent use.
type Keys struct {
	mu    sync.RWMutex
	known [][]byte // the first is in force
	learn func() (changed bool, err error)
}

// NewKeys knows a key, which is in force, and others.
func NewKeys(inForce []byte, others ...[]byte) *Keys {
	return &Keys{known: append([][]byte{inForce}, others...)}
}

// Seal encrypts plain with the key in force, as the function Seal does.
func (k *Keys) Seal(plain, owner []byte) ([]byte, error) {
	return Seal(k.InForce(), plain, owner)
}

// Open decrypts what was sealed with any of the keys, as the function Open does. What
// none of them opens may have been sealed with a key that has followed meanwhile: it
// learns, and tries again. An error of learning is none of ErrCannotOpen.
func (k *Keys) Open(sealed, owner []byte) (plain []byte, err error) {
	if plain, err = k.open(sealed, owner); err == nil {
		return plain, nil
	}
	k.mu.RLock()
	learn := k.learn
	k.mu.RUnlock()
	if learn == nil {
		return nil, err
	}
	changed, failed := learn()
	switch {
	case failed != nil:
		return nil, failed
	case !changed:
		return nil, err
	}
	return k.open(sealed, owner)
}

func (k *Keys) open(sealed, owner []byte) (plain []byte, err error) {
	for _, key := range k.All() {
		if plain, err = Open(key, sealed, owner); err == nil {
			return plain, nil
		}
	}
	return nil, err
}

// Learning has learn called when something does not open. It brings the keys up to
// date by Replace, and tells whether there was anything new.
func (k *Keys) Learning(learn func() (changed bool, err error)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.learn = learn
}

// InForce is the key that Seal uses.
func (k *Keys) InForce() []byte { return k.All()[0] }

// All are the keys that Open knows, the one in force first.
func (k *Keys) All() [][]byte {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.known
}

// Replace makes other keys the known ones, the first of them in force.
func (k *Keys) Replace(inForce []byte, others ...[]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.known = append([][]byte{inForce}, others...)
}

// ID names a key. It does not tell the key, which is random, to anybody.
func ID(key []byte) string {
	sum := sha256.Sum256(append([]byte("id of a key\x00"), key...))
	return hex.EncodeToString(sum[:8])
}
