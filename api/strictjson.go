package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/fleetledger/fleetledger/domain"
)

// More than any body of ours needs, and few enough that 16 MiB of brackets and
// commas cost no more memory than 16 MiB of devices.
const (
	maxDepth  = 32
	maxFields = 1000      // of an object
	maxValues = 3_000_000 // of a body
)

// parseJSON reads one JSON value and refuses what encoding/json lets pass or
// repairs: text that is not UTF-8, halves of surrogate pairs, NUL in strings,
// a field given twice, deep nesting, arrays of more than maxItems, anything
// after the value. Numbers stay json.Number.
//
// items says, by the names of the fields of the outermost object, who takes the items of
// a list one by one: such a list is empty in the value. Of a hundred thousand items only
// one takes memory at a time. nil: nobody does.
func parseJSON(data []byte, items func(field string) itemTaker) (any, []domain.Problem) {
	if p := badText(data); p != nil {
		return nil, p
	}
	if i := halfSurrogate(data); i >= 0 {
		return nil, []domain.Problem{{Code: codeInvalidUTF8, Detail: fmt.Sprintf("The body has half of a surrogate pair at byte %d.", i)}}
	}
	r := jsonReader{dec: json.NewDecoder(bytes.NewReader(data)), items: items}
	r.dec.UseNumber()
	value, err := r.value("", 0)
	if err == nil {
		if _, err = r.dec.Token(); err == nil {
			err = errors.New("there is more after the JSON value")
		} else if errors.Is(err, io.EOF) {
			err = nil
		}
	}
	bomb, isBomb := errors.AsType[*failure](err)
	switch {
	case isBomb:
		return nil, bomb.problems
	case err != nil:
		return nil, []domain.Problem{{Code: codeJSONInvalid, Detail: fmt.Sprintf("The body is not one JSON value, as seen at byte %d.", r.dec.InputOffset())}}
	}
	return value, r.problems
}

// badText finds what no text of ours may have.
func badText(data []byte) []domain.Problem {
	if bytes.IndexByte(data, 0) >= 0 {
		return []domain.Problem{{Code: codeNUL, Detail: fmt.Sprintf("The body has a NUL character at byte %d.", bytes.IndexByte(data, 0))}}
	}
	if utf8.Valid(data) {
		return nil
	}
	at := 0
	for rest := data; ; {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size <= 1 {
			return []domain.Problem{{Code: codeInvalidUTF8, Detail: fmt.Sprintf("The body is not valid UTF-8 at byte %d.", at)}}
		}
		at, rest = at+size, rest[size:]
	}
}

// halfSurrogate finds an escape \uD800..\uDFFF without its other half, which
// encoding/json would replace silently; -1 when there is none. Backslashes
// occur inside strings only, so the strings need not be found.
func halfSurrogate(data []byte) int {
	for i := bytes.IndexByte(data, '\\'); i >= 0 && i+1 < len(data); {
		step := 2
		if r, ok := escapedRune(data[i:]); ok && utf16.IsSurrogate(r) {
			low, ok := escapedRune(data[i+6:])
			if !ok || utf16.DecodeRune(r, low) == utf8.RuneError {
				return i
			}
			step = 12
		}
		next := bytes.IndexByte(data[i+step:], '\\')
		if next < 0 {
			return -1
		}
		i += step + next
	}
	return -1
}

func escapedRune(data []byte) (rune, bool) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(data[2:6]), 16, 16)
	return rune(n), err == nil
}

// itemTaker takes the items of a list, in their order.
type itemTaker func(index int, item any)

type jsonReader struct {
	dec      *json.Decoder
	items    func(field string) itemTaker
	values   int
	problems []domain.Problem
}

func (r *jsonReader) value(pointer string, depth int) (any, error) {
	token, err := r.dec.Token()
	if err != nil {
		return nil, err
	}
	if r.values++; r.values > maxValues {
		return nil, malformed("", codeTooManyItems, fmt.Sprintf("The body has more than %d values.", maxValues))
	}
	switch t := token.(type) {
	case json.Delim:
		if depth == maxDepth {
			return nil, malformed("", codeJSONTooDeep, fmt.Sprintf("The body is nested deeper than %d levels.", maxDepth))
		}
		if t == '{' {
			return r.object(pointer, depth+1)
		}
		var take itemTaker
		if depth == 1 && r.items != nil && pointer != "" {
			take = r.items(pointer[1:])
		}
		return r.array(pointer, depth+1, take)
	case string:
		r.text(pointer, t)
	}
	return token, nil
}

func (r *jsonReader) object(pointer string, depth int) (any, error) {
	object := map[string]any{}
	for r.dec.More() {
		token, err := r.dec.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string) // the decoder allows nothing else
		at := pointer + "/" + escapePointer(name)
		r.text(at, name)
		value, err := r.value(at, depth)
		if err != nil {
			return nil, err
		}
		if _, twice := object[name]; twice {
			r.report(at, codeDuplicateField, "The field is given twice.")
		}
		if object[name] = value; len(object) > maxFields {
			return nil, malformed(pointer, codeTooManyItems, fmt.Sprintf("An object has at most %d fields.", maxFields))
		}
	}
	_, err := r.dec.Token()
	return object, err
}

func (r *jsonReader) array(pointer string, depth int, take itemTaker) (any, error) {
	array := []any{}
	for n := 0; r.dec.More(); n++ {
		value, err := r.value(pointer+"/"+strconv.Itoa(n), depth)
		if err != nil {
			return nil, err
		}
		if take != nil {
			take(n, value)
		} else {
			array = append(array, value)
		}
		if n >= maxItems {
			return nil, malformed(pointer, codeTooManyItems, fmt.Sprintf("A list has at most %d items.", maxItems))
		}
	}
	_, err := r.dec.Token()
	return array, err
}

func (r *jsonReader) text(pointer, s string) {
	if strings.IndexByte(s, 0) >= 0 {
		r.report(pointer, codeNUL, "The text has a NUL character.")
	}
}

func (r *jsonReader) report(pointer, code, detail string) {
	if len(r.problems) < maxErrors {
		r.problems = append(r.problems, domain.Problem{Pointer: pointer, Code: code, Detail: detail})
	}
}

var pointerEscaper = strings.NewReplacer("~", "~0", "/", "~1")

// escapePointer makes a part of a JSON pointer. Names come from outside: a
// long one is cut.
func escapePointer(name string) string {
	const longest = 100
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "") + "…"
	}
	return pointerEscaper.Replace(name)
}
