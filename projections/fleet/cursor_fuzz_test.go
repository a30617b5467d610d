package fleet_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
)

// Whatever a client sends as a cursor is one that goes on, or query.ErrBadCursor: never
// another failure, and never a row that is not in the list.
func FuzzCursor(f *testing.F) {
	h := newHistory()
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	for _, name := range []string{"Alder", "Birch", "Cedar"} {
		h.device("SN"+name, h.customer(name, reseller), day0+30)
	}
	m := newModel(f)
	m.applyAll(f, h)
	sorts := []string{"name", "-totalSystems", "initialRenewal", "-lastRenewal", "lastLogin", "status,-red"}
	ask := func(ctx context.Context, sort, cursor string) (query.List[query.CustomerRow], error) {
		return m.reader.Customers(ctx, query.CustomerQuery{
			Reseller: reseller, Today: day0, Windows: query.DefaultWindows, Page: query.Page{Sort: strings.Split(sort, ","), Limit: 1, Cursor: cursor},
		})
	}
	for i, sort := range sorts[:5] {
		page, err := ask(f.Context(), sort, "")
		require.NoError(f, err)
		raw, err := base64.RawURLEncoding.DecodeString(page.NextCursor)
		require.NoError(f, err)
		f.Add(byte(i), raw)
	}
	for _, raw := range []string{
		``, `{}`, `null`, `{"s":"name","v":["a"]}`, `{"s":"name","v":[null,null]}`, "{\"s\":\"name\",\"v\":[\"\\u0000\",\"x\"]}",
		`{"s":"-totalSystems","v":["1e9","00000000-0000-0000-0000-000000000000"]}`, `{"s":"initialRenewal","v":["infinity","00000000-0000-0000-0000-000000000000"]}`,
	} {
		f.Add(byte(0), []byte(raw))
	}
	f.Fuzz(func(t *testing.T, sort byte, raw []byte) {
		page, err := ask(t.Context(), sorts[int(sort)%len(sorts)], base64.RawURLEncoding.EncodeToString(raw))
		if err != nil && !errors.Is(err, query.ErrBadCursor) {
			t.Fatalf("%q: %v", raw, err)
		}
		if err == nil && (page.Total != 3 || len(page.Items) > 1) {
			t.Fatalf("%q: %d of %d", raw, len(page.Items), page.Total)
		}
	})
}
