package eventlog

import (
	"github.com/google/uuid"
)

// AccountStream is the stream of an account.
func AccountStream(uid uuid.UUID) string { return "account-" + uid.String() }

// DeviceStream is the stream of a device.
func DeviceStream(uid uuid.UUID) string { return "device-" + uid.String() }

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
