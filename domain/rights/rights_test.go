package rights_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fleetledger/fleetledger/domain/rights"
)

// Accounts 3: the default partner profile reads and nothing else; no profile
// has what is the operator's.
func TestProfiles(t *testing.T) {
	t.Parallel()
	readOnly, ok := rights.Find(rights.ReadOnly)
	if !ok {
		t.Fatal("there is no read-only profile")
	}
	for _, r := range readOnly.Rights {
		switch r {
		case rights.AccountRead, rights.CustomersRead, rights.PartnersRead, rights.DevicesRead:
		default:
			t.Errorf("read-only has %s", r)
		}
	}
	seen := map[string]bool{}
	for _, p := range rights.Profiles {
		if seen[p.ID] {
			t.Errorf("profile %s is there twice", p.ID)
		}
		seen[p.ID] = true
		for _, r := range []rights.Right{rights.UsersRead, rights.UsersManage} {
			if rights.Set(p.Rights).Has(r) {
				t.Errorf("%s has %s", p.ID, r)
			}
		}
		for _, r := range rights.Operators() {
			if rights.Set(p.Rights).Has(r) || rights.Administrator().Has(r) {
				t.Errorf("%s has %s", p.ID, r)
			}
		}
	}
	for _, r := range rights.Auditor() {
		if !strings.HasSuffix(string(r), ".read") {
			t.Errorf("auditors have %s", r)
		}
	}
	if _, ok := rights.Find("king"); ok {
		t.Error("found a profile that is not there")
	}
}

// Every right that exists is the operator's, and those that only the operator
// has are no administrator's.
func TestOperator(t *testing.T) {
	t.Parallel()
	own := rights.Set{
		rights.AllocationsGrant, rights.AuditsGrant, rights.AccountsManage, rights.OrdersManage, rights.CatalogueEdit,
		rights.SandboxClock, rights.OperationsRead,
	}
	if got := rights.Operators(); !slices.Equal(got, own) {
		t.Errorf("the operator's own: %v", got)
	}
	if both := rights.Common(rights.Administrator(), own); len(both) > 0 {
		t.Errorf("administrators have %v", both)
	}
	everything := rights.Operator()
	for _, r := range slices.Concat(own, rights.Administrator(), rights.Auditor(), rights.Assignable()) {
		if !everything.Has(r) {
			t.Errorf("the operator lacks %s", r)
		}
	}
}

func TestNeedsSaysWhatAndWhere(t *testing.T) {
	t.Parallel()
	if got := rights.Needs(rights.DevicesEdit, "Prairie Fire"); got != "This needs devices.edit in Prairie Fire." {
		t.Error(got)
	}
	if got := rights.Needs(rights.DevicesEdit, ""); got != "This needs devices.edit in the account." {
		t.Error(got)
	}
}
