package webhooks

import (
	"fmt"

	"github.com/fleetledger/fleetledger/domain"
)

// Codes of refusals. They are part of the interface and never change.
const (
	CodeAddressInvalid = "webhook_address_invalid"
	CodeLabelInvalid   = "label_invalid"
	CodeTypeUnknown    = "event_type_unknown"
	CodeTooMany        = "too_many_webhooks"
)

// Why a webhook is disabled. They are part of the interface, too.
const (
	EndedByFailures = "failing"       // for longer than is tried again
	EndedByAnswer   = "answered_gone" // the address says that there is nobody any more (410)
	EndedByAccount  = "account_ended" // the account is closed, or nobody has activated it
	EndedByPosition = "position_lost" // the event that it goes on behind is not in the log any more
	EndedByHand     = "by_hand"       // an administrator has disabled it
)

func addressInvalid(why string) domain.Problem {
	return domain.Problem{
		Pointer: "/address", Code: CodeAddressInvalid, Detail: "The address cannot be used: " + why + ".",
		Remedies: []domain.Remedy{{Code: "correct_address", Detail: "Give an https:// address that everybody reaches."}},
	}
}

func typeUnknown(pointer, name string) domain.Problem {
	return domain.Problem{
		Pointer: pointer, Code: CodeTypeUnknown, Detail: "There is no such type of event; /asyncapi.json has them.", Facts: map[string]string{"type": name},
	}
}

func tooMany() domain.Problem {
	return domain.Problem{Code: CodeTooMany, Detail: fmt.Sprintf("There are %d webhooks already. Remove one first.", Most)}
}
