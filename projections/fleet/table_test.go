package fleet

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Update is for the tests outside of the package, too.
var Update = flag.Bool("update", false, "write the files of testdata anew")

// What is stored of a state is as the golden file of the version has it, and all
// of the state comes back but what is left out on purpose. When a stored state
// gets another shape, rows written before lack something, and the version must
// go up so that they are not read: the tables are then filled anew.
func TestStoredStates(t *testing.T) {
	t.Parallel()
	testStored(t, deviceTable, func(*device.State) {})
	testStored(t, accountTable, func(s *accountState) { s.Invitation.TokenHash, s.EmailReservation = nil, "" })
	testStored(t, partnershipTable, func(s *partnership.State) { s.Request = partnership.Request{} })
	testStored(t, userTable, func(s *userState) {
		s.Invitation.TokenHash, s.Credential, s.Reset = nil, uuid.Nil, user.Reset{}
		s.Wanted, s.Change.TokenHash, s.Freed = "", nil, nil
		s.Factors, s.Recovery = nil, user.Recovery{}
	})
	testStored(t, auditGrantTable, func(s *query.AuditGrant) { s.TokenHash = nil })
}

func testStored[S any](t *testing.T, table table[S], leaveOut func(*S)) {
	t.Run(table.name, func(t *testing.T) {
		t.Parallel()
		var shape, full, none S
		fill(t, reflect.ValueOf(&shape).Elem(), func() int { return 1 }) // whatever the order of fields
		stored, err := json.MarshalIndent(table.row(shape), "", "  ")
		require.NoError(t, err)
		file := filepath.Join("testdata", fmt.Sprintf("v%d", modelVersion), table.name+".json")
		if *Update {
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
			require.NoError(t, os.WriteFile(file, append(stored, '\n'), 0o600))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err, "a new version needs its files: go test -update")
		require.Equal(t, string(want), string(stored)+"\n", "raise modelVersion in fleet.go, and write new files with -update")

		n := 0
		fill(t, reflect.ValueOf(&full).Elem(), func() int { n++; return n })
		leaveOut(&full)
		for _, want := range []S{full, none} {
			stored, err := json.Marshal(table.row(want))
			require.NoError(t, err)
			got, err := table.parse(stored)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(want, got), "lost on the way")
		}
	})
}

// fill sets all there is in a value, from numbers.
func fill(t *testing.T, v reflect.Value, number func() int) {
	n := number()
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, time.March, 1, 12, n, 0, 0, time.UTC)))
		return
	case uuid.UUID:
		v.Set(reflect.ValueOf(uuid.UUID{byte(n)}))
		return
	case calendar.Date:
		v.Set(reflect.ValueOf(calendar.On(2026, time.March, 1).AddDays(n)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d", n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(int64(n))
	case reflect.Uint8:
		v.SetUint(uint64(n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), number)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0), number)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(t, key, number)
		fill(t, value, number)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(t, field, number)
		}
	default:
		t.Fatalf("nothing to fill a %s with", v.Type())
	}
}
