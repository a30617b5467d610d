package fleet

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Rows hold folded states. When a state gets another shape, rows written before
// lack something, and the version must go up so that they are not read: the
// tables are then filled anew. The file says for which shapes the version is.
func TestStatesAreThoseOfTheVersion(t *testing.T) {
	t.Parallel()
	var shapes strings.Builder
	for _, v := range []any{deviceState{}, accountState{}, partnershipState{}, userState{}, auditGrantState{}} {
		fmt.Fprintf(&shapes, "%T\n", v)
		spell(&shapes, reflect.TypeOf(v), "")
	}
	file := fmt.Sprintf("testdata/states_v%d.txt", version)
	want, err := os.ReadFile(file)
	require.NoError(t, err, "a new version needs its file")
	require.Equal(t, string(want), shapes.String(), "raise the version in fleet.go and write %s anew", file)
}

func spell(b *strings.Builder, t reflect.Type, path string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t, path = t.Elem(), path+"[]"
	}
	if t.Kind() != reflect.Struct || t.PkgPath() == "time" {
		fmt.Fprintf(b, "  %s %s\n", strings.TrimPrefix(path, "."), t)
		return
	}
	for f := range t.Fields() {
		spell(b, f.Type, path+"."+f.Name)
	}
}
