package query

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Reader answers from the read models.
type Reader interface {
	Customers(context.Context, CustomerQuery) (List[CustomerRow], error)
	Devices(context.Context, DeviceQuery) (List[DeviceRow], error)
	ServiceDays(context.Context, ServiceDayQuery) (List[ServiceDayRow], error)
	Accounts(context.Context, AccountQuery) (List[AccountRow], error)
	Users(context.Context, UserQuery) (List[UserRow], error)
	AuditGrants(context.Context, AuditGrantQuery) (List[AuditGrantRow], error)
	Renewals(context.Context, RenewalQuery) (List[RenewalRow], error)
	Allocations(context.Context, AllocationQuery) (List[AllocationRow], error)
	Transfers(context.Context, TransferQuery) (List[TransferRow], error)
	TransferPlans(context.Context, TransferPlanQuery) (List[TransferPlanRow], error)
	// PlansFull is when the last of the most youngest plans of an account expires, which is
	// when there is room for another one; zero: it has fewer plans.
	PlansFull(ctx context.Context, account uuid.UUID, most int) (time.Time, error)
	Releases(context.Context, ReleaseQuery) (List[ReleaseRow], error)
	// Partnerships are those in which account takes part, on either side, all
	// on one page.
	Partnerships(ctx context.Context, f Freshness, account uuid.UUID) (List[PartnershipRow], error)
	// PartnershipRequests are all on one page.
	PartnershipRequests(context.Context, PartnershipRequestQuery) (List[PartnershipRequestRow], error)
	Forecast(context.Context, ForecastQuery) (ForecastRow, error)
	Notices(context.Context, NoticeQuery) (List[NoticeRow], error)
	// NoticeChoices are those of the users of some accounts.
	NoticeChoices(ctx context.Context, p eventlog.Position, accounts []uuid.UUID) ([]NoticeChoice, error)
	// SeenDevices are what a reseller's people have acknowledged in months before.
	SeenDevices(context.Context, NoticesAfter) ([]SeenDevice, error)
	// PendingMails are mails of notices that may have gone out by now.
	PendingMails(ctx context.Context, p eventlog.Position) ([]PendingMail, error)
	// Due is what falls due by itself.
	Due(context.Context, DueQuery) ([]DueRow, error)
}
