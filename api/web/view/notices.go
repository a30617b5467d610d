package view

import (
	"time"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// Notices lists monthly notices.
type Notices struct {
	Frame  Frame
	List   openapi.NoticeList
	Choice *openapi.NoticeChoice // how the reader wants them; nil: nobody asks
	From   int
}

// monthName writes a month for people: November 2026.
func monthName(month string) string {
	at, err := time.Parse("2006-01", month)
	if err != nil {
		return month
	}
	return at.Format("January 2006")
}

// noticeTag is how a notice's state looks.
func noticeTag(state openapi.NoticeState) (colour, icon, name string) {
	switch state {
	case openapi.NoticeSent:
		return "green", "check", "Sent"
	case openapi.NoticeSending:
		return "amber", "mail", "On its way"
	case openapi.NoticeFailed:
		return "red", "warn", "Not delivered"
	case openapi.NoticeSkipped:
		return "", "same", "Skipped"
	}
	return "", "same", Upper(string(state))
}

// skipReason says why nothing was sent.
func skipReason(reason *string) string {
	switch valueOf(reason) {
	case "":
		return ""
	case "no_administrator":
		return "There is no administrator to send it to."
	case "nothing_due":
		return "Nothing comes up for renewal."
	}
	return valueOf(reason)
}

// deliveryName is a choice of how notices come, for people.
func deliveryName(d openapi.NoticeDelivery) string {
	switch d {
	case openapi.NoticeEach:
		return "One mail for each customer"
	case openapi.NoticeDigest:
		return "One mail for all customers together"
	case openapi.NoticeNone:
		return "None"
	}
	return string(d)
}

// Notice is one notice with its recipients and devices.
type Notice struct {
	Frame Frame
	Found openapi.Notice
}

// fresh are its devices that were not acknowledged in an earlier month; those that
// renew by themselves stand apart.
func (n Notice) fresh() []openapi.NoticeDevice {
	return n.some(func(d openapi.NoticeDevice) bool { return !d.AutoRenew && !d.SeenBefore })
}

func (n Notice) seenBefore() []openapi.NoticeDevice {
	return n.some(func(d openapi.NoticeDevice) bool { return !d.AutoRenew && d.SeenBefore })
}

func (n Notice) automatic() []openapi.NoticeDevice {
	return n.some(func(d openapi.NoticeDevice) bool { return d.AutoRenew })
}

func (n Notice) some(wanted func(openapi.NoticeDevice) bool) []openapi.NoticeDevice {
	var some []openapi.NoticeDevice
	for _, d := range n.Found.Items {
		if wanted(d) {
			some = append(some, d)
		}
	}
	return some
}

// role is why somebody gets a notice.
func role(r openapi.NoticeRecipient) string {
	switch r.Role {
	case openapi.ToChannelContact:
		return "Channel contact"
	case openapi.ToCustomerAdministrator:
		return "Administrator of the customer"
	default:
		return "Administrator"
	}
}

// ownerName is an account's name where it is known.
func ownerName(o openapi.Owner) string {
	if o.Name != nil {
		return *o.Name
	}
	return o.Uid.String()
}

// Outbox lists the mails that are kept where there is no mail server.
type Outbox struct {
	Frame Frame
	List  openapi.OutboxList
	From  int
}

// OutboxMail is one of them.
type OutboxMail struct {
	Frame Frame
	Mail  openapi.OutboxMail
}
