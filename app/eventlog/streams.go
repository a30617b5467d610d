package eventlog

import (
	"github.com/google/uuid"
)

// BatchStream is the stream of an all-or-nothing batch.
func BatchStream(uid uuid.UUID) string { return "batch-" + uid.String() }

// AccountStream is the stream of an account.
func AccountStream(uid uuid.UUID) string { return "account-" + uid.String() }

// DeviceStream is the stream of a device.
func DeviceStream(uid uuid.UUID) string { return "device-" + uid.String() }

// TransferStream is the stream of a transfer's record.
func TransferStream(uid uuid.UUID) string { return "transfer-" + uid.String() }

// TransferPlanStream is the stream of a plan.
func TransferPlanStream(uid uuid.UUID) string { return "transferplan-" + uid.String() }

// ReleasesStream is the stream of the release requests to an account.
func ReleasesStream(owner uuid.UUID) string { return "releases-" + owner.String() }

// ReleaseStream is the stream that says whom a release request went to.
func ReleaseStream(uid uuid.UUID) string { return "release-" + uid.String() }

// PartnershipStream is the stream of a partnership.
func PartnershipStream(uid uuid.UUID) string { return "partnership-" + uid.String() }

// UserStream is the stream of a user.
func UserStream(uid uuid.UUID) string { return "user-" + uid.String() }

// AuditGrantStream is the stream of an audit grant.
func AuditGrantStream(uid uuid.UUID) string { return "auditgrant-" + uid.String() }

// Awaited are prefixes of streams that no read model is made of, though callers
// are given their positions and then wait for a read to be at them: transfers,
// their plans, release requests.
var Awaited = []string{"transfer-", "transferplan-", "releases-"}
