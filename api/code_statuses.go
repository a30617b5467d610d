package api

import (
	"net/http"

	"github.com/fleetledger/fleetledger/api/codes"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/models"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/user"
)

// kinds are those of the refusals by the rules that are not 422.
var kinds = map[string]domain.Kind{
	device.CodeDeviceNotFound: domain.Missing, device.CodeMissingRight: domain.Forbidden, device.CodeFactorTaken: domain.Conflict,
	device.CodeRegisteredElsewhere: domain.Conflict, device.CodeBusy: domain.Busy, device.CodeTargetIsReseller: domain.Forbidden,
	models.CodeUnknown: domain.Missing, models.CodePatternOverlaps: domain.Conflict,
	account.CodeNameTaken: domain.Conflict, account.CodeEmailTaken: domain.Conflict, account.CodeLabelTaken: domain.Conflict,
	order.CodeNotFound: domain.Missing, order.CodeNotOpen: domain.Conflict, order.CodeNotYours: domain.Forbidden, order.CodeNumberUsed: domain.Conflict,
	partnership.CodeAlreadyPartnered: domain.Conflict,
	people.CodeSignInFailed:          domain.Unauthenticated, people.CodeSessionRequired: domain.Forbidden,
	people.CodeChallengeUnknown: domain.Unauthenticated, user.CodeFactorWrong: domain.Unauthenticated, people.CodePasskeyTaken: domain.Conflict,
}

// formCodes is the section of what is always 400, unless the edge has another status.
const formCodes = "Form of a request"

// Codes are all codes of problems and remedies, with the status of an answer that has
// this problem alone.
func Codes() ([]codes.Section, error) {
	sections, err := codes.All()
	if err != nil {
		return nil, err
	}
	statuses := map[string]int{}
	for code, kind := range kinds {
		statuses[code] = statusOf[kind]
	}
	for _, c := range edgeCodes {
		statuses[c.code] = c.status
	}
	for _, s := range sections {
		for i, c := range s.Codes {
			status, ok := statuses[c.Code]
			switch {
			case s.Title == codes.Remedies:
				continue
			case ok:
			case s.Title == formCodes:
				status = http.StatusBadRequest
			default:
				status = http.StatusUnprocessableEntity
			}
			s.Codes[i].Status = status
		}
	}
	return sections, nil
}
