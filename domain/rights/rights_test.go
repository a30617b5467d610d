package rights_test

import (
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
		for _, r := range []rights.Right{rights.AccountsManage, rights.AllocationsGrant, rights.AuditsGrant, rights.OperationsRead} {
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
