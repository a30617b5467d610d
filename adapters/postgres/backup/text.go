package backup

import (
	"bytes"
	"encoding/hex"
	"errors"
)

// errField: a value is not what COPY writes.
var errField = errors.New("a value that cannot be read")

// fields splits a line of COPY's text form into its values, as they stand there.
func fields(line []byte) [][]byte { return bytes.Split(line, []byte{'\t'}) }

// bytesOf is the value of a bytea: hexadecimal behind \x.
func bytesOf(value []byte) ([]byte, error) {
	digits, ok := bytes.CutPrefix(value, []byte(`\\x`))
	if !ok {
		return nil, errField
	}
	plain := make([]byte, hex.DecodedLen(len(digits)))
	if _, err := hex.Decode(plain, digits); err != nil {
		return nil, errField
	}
	return plain, nil
}
