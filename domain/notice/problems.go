package notice

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// The codes of refusals. They are part of the interface and never change.
const (
	CodeNotFound       = "notice_not_found"
	CodeSkipped        = "notice_skipped"
	CodeNotInNotice    = "device_not_in_notice"
	CodeRequired       = "notices_required"
	CodeAdministrators = "notices_for_administrators"
)

func notFound() domain.Problem {
	return domain.Problem{Kind: domain.Missing, Code: CodeNotFound, Detail: "There is no such notice."}
}

func skipped() domain.Problem {
	return domain.Problem{Code: CodeSkipped, Detail: "This notice was skipped, so it lists no devices to acknowledge."}
}

func notInNotice(device uuid.UUID) domain.Problem {
	return domain.Problem{
		Code: CodeNotInNotice, Detail: "The notice does not list this device.", Pointer: "/devices",
		Facts: map[string]string{"device": device.String()},
	}
}

func required() domain.Problem {
	return domain.Problem{
		Code: CodeRequired, Detail: "Administrators of a reseller get the notices. They can choose one mail for all customers.", Pointer: "/delivery",
		Remedies: []domain.Remedy{{Code: "choose_digest", Detail: "Choose digest: one mail a month for all customers."}},
	}
}

// ForAdministrators says that only administrators get notices.
func ForAdministrators() domain.Problem {
	return domain.Problem{Code: CodeAdministrators, Detail: "Only users who administer their account get notices."}
}
