package audit_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/domaintest"
)

func TestGolden(t *testing.T) {
	t.Parallel()
	grant := uuid.MustParse("a0d17000-0000-4000-8000-000000000001")
	accounts := []uuid.UUID{
		uuid.MustParse("a0d17000-0000-4000-8000-000000000002"), uuid.MustParse("a0d17000-0000-4000-8000-000000000003"),
	}
	domaintest.Golden(t, audit.Codec,
		audit.AuditGranted{
			Grant: grant, Auditor: account.Person{ID: grant, Email: "ada@auditors.example", Name: "Ada"},
			Accounts: accounts, Expires: until, TokenHash: []byte("hash"),
		},
		audit.AuditGrantRevoked{Grant: grant},
		audit.AuditorErased{Grant: grant},
	)
}
