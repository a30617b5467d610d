package asyncapi_test

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain/calendar"
)

// filler sets everything there is to a value; with a test of rapid's, some of it, to
// something that is drawn.
type filler struct{ t *rapid.T }

func (f filler) fill(v reflect.Value) {
	if f.t != nil && rapid.Bool().Draw(f.t, "left empty") {
		return
	}
	switch v.Type() {
	case reflect.TypeFor[uuid.UUID]():
		v.Set(reflect.ValueOf(uuid.UUID{1, byte(f.number(0, 255))}))
		return
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(int64(f.number(0, 1<<32)), int64(f.number(0, 999_999_999))).UTC()))
		return
	case reflect.TypeFor[calendar.Date]():
		v.Set(reflect.ValueOf(calendar.On(2026, 11, f.number(1, 90_000))))
		return
	case reflect.TypeFor[json.RawMessage]():
		v.SetBytes([]byte(`{"any":[1,{"any":null}]}`))
		return
	}
	f.fillKind(v)
}

func (f filler) fillKind(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(f.number(-1<<40, 1<<40)))
	case reflect.Uint8:
		v.SetUint(uint64(f.number(1, 255)))
	case reflect.String:
		v.SetString(f.text())
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), f.number(0, 3), 3))
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		value := reflect.New(v.Type().Elem()).Elem()
		f.fill(value)
		v.SetMapIndex(reflect.ValueOf("any"), value)
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	default:
		panic("nothing to fill a " + v.Type().String() + " with")
	}
}

// number is the greatest, or one that is drawn.
func (f filler) number(from, to int) int {
	if f.t == nil {
		return to
	}
	return rapid.IntRange(from, to).Draw(f.t, "number")
}

func (f filler) text() string {
	if f.t == nil {
		return "Ä text"
	}
	return rapid.String().Draw(f.t, "text")
}
