package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// A program says itself what it was built of.
func TestBillOfMaterials(t *testing.T) {
	t.Parallel()
	out, err := program(t.Context(), "version", "--json").Output()
	require.NoError(t, err)
	var b bill
	require.NoError(t, json.Unmarshal(out, &b))
	require.NotEmpty(t, b.Go)
	versions := map[string]string{}
	for _, m := range b.Modules {
		require.NotEmpty(t, m.Sum, m.Path)
		versions[m.Path] = m.Version
	}
	require.NotEmpty(t, versions["github.com/jackc/pgx/v5"])
}
