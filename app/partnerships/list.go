package partnerships

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// List gives the partnerships of an account, with partners.read in it. A partner
// finds its own there: who else the account works with is not its business.
func (s *Service) List(ctx context.Context, caller access.Caller, account uuid.UUID, f query.Freshness) ([]query.PartnershipRow, eventlog.Position, error) {
	if err := s.access.Request(caller).Require(ctx, account, rights.PartnersRead); err != nil {
		return nil, eventlog.Position{}, err
	}
	found, err := s.access.Partners(ctx, f, account)
	if !caller.Operator() && !caller.Auditor() && account != caller.Own() {
		found.Items = slices.DeleteFunc(found.Items, func(p query.PartnershipRow) bool { return p.Reseller != caller.Own() })
	}
	return found.Items, found.Position, err
}
