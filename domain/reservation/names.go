package reservation

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// Streams of personal values have a name in the log that nobody can make of the value
// without a key: a hash of an address alone lets anybody who has the address check
// whether it was used. States know the hash (Unique); whoever reads or writes the log
// goes by Names.
const (
	formerEmails = "reservation-email-" // by the hash, as versions before wrote them
	keyedEmails  = "reserved-email-"    // no version before follows these
)

// Names are the names of streams of personal values in the log.
type Names struct {
	// Key is what they are made with; nil: they are the hash itself.
	Key []byte
	// Former has the names by the hash claimed, too: as long as an instance of a
	// version before may run, which knows no others.
	Former bool
}

// Keyed gives the name of a stream in the log.
func (n Names) Keyed(stream string) string {
	if n.Key == nil || !IsFormer(stream) {
		return stream
	}
	mac := hmac.New(sha256.New, n.Key)
	mac.Write([]byte(stream))
	return keyedEmails + hex.EncodeToString(mac.Sum(nil)[:16])
}

// IsFormer reports whether a name is one by the hash of a personal value.
func IsFormer(stream string) bool { return strings.HasPrefix(stream, formerEmails) }

// IsKeyed reports whether a name is one that was made with a key.
func IsKeyed(stream string) bool { return strings.HasPrefix(stream, keyedEmails) }

// PersonalPrefixes begin the names of all streams of personal values.
func PersonalPrefixes() []string { return []string{keyedEmails, formerEmails} }

// InLog gives what is held by the names in the log.
func (n Names) InLog(held []Held) []Held {
	if n.Key == nil || !slices.ContainsFunc(held, func(h Held) bool { return IsFormer(h.Key.Stream) }) {
		return held
	}
	named := make([]Held, 0, len(held)+1)
	for _, h := range held {
		former := h
		h.Key.Stream = n.Keyed(h.Key.Stream)
		named = append(named, h)
		if n.Former && former.Key.Stream != h.Key.Stream {
			former.Besides = h.Key.Stream
			named = append(named, former)
		}
	}
	return named
}
