package query

import (
	"context"

	"github.com/google/uuid"
)

// Reader answers from the read models.
type Reader interface {
	Customers(context.Context, CustomerQuery) (List[CustomerRow], error)
	Devices(context.Context, DeviceQuery) (List[DeviceRow], error)
	Accounts(context.Context, AccountQuery) (List[AccountRow], error)
	Users(context.Context, UserQuery) (List[UserRow], error)
	AuditGrants(context.Context, AuditGrantQuery) (List[AuditGrantRow], error)
	Renewals(context.Context, RenewalQuery) (List[RenewalRow], error)
	Allocations(context.Context, AllocationQuery) (List[AllocationRow], error)
	Transfers(context.Context, TransferQuery) (List[TransferRow], error)
	TransferPlans(context.Context, TransferPlanQuery) (List[TransferPlanRow], error)
	Releases(context.Context, ReleaseQuery) (List[ReleaseRow], error)
	// Partnerships are those in which account takes part, on either side, all
	// on one page.
	Partnerships(ctx context.Context, f Freshness, account uuid.UUID) (List[PartnershipRow], error)
	// PartnershipRequests are all on one page.
	PartnershipRequests(context.Context, PartnershipRequestQuery) (List[PartnershipRequestRow], error)
	Forecast(context.Context, ForecastQuery) (ForecastRow, error)
	// Due is what falls due by itself.
	Due(context.Context, DueQuery) ([]DueRow, error)
}
