package query

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/notice"
)

// NoticeState is where a notice is.
type NoticeState string

// The states.
const (
	NoticeSending NoticeState = "sending" // a mail of it has not gone out yet
	NoticeSent    NoticeState = "sent"
	NoticeFailed  NoticeState = "failed" // a mail of it was given up
	NoticeSkipped NoticeState = "skipped"
)

// NoticeRow is a notice as the read model shows it. Names are those of now.
type NoticeRow struct {
	UID          uuid.UUID
	Reseller     uuid.UUID
	ResellerName string
	Customer     uuid.UUID
	CustomerName string
	On           calendar.Date
	At           time.Time // when it was prepared or skipped
	State        NoticeState
	Reason       notice.Reason // of a skipped one
	Windows      []notice.Window
	Devices      NoticeCounts
	Mails        int
	Sent         int
	Failed       int
	Queued       bool // nothing of it is left to be handed to the mailer
	Seen         bool // nothing in it is left to be acknowledged
	SeenAt       time.Time
	SeenBy       domain.Actor
	Recipients   []NoticeRecipient // of one notice only
}

// NoticeCounts are how many devices of a notice there are of each kind. Those that
// renew by themselves are in Total and AutoRenewing alone.
type NoticeCounts struct {
	Total, New, SeenBefore, AutoRenewing, Expired int
	Windows                                       []int
}

// NoticeRecipient is somebody who gets a notice.
type NoticeRecipient struct {
	Person uuid.UUID   `json:"person"`
	Name   string      `json:"name"`
	Email  string      `json:"email"`
	Role   notice.Role `json:"role"`
	Digest bool        `json:"digest"`
	Mail   uuid.UUID   `json:"mail"`
	State  NoticeState `json:"state"`
	At     time.Time   `json:"at,omitzero"`
	Reason string      `json:"reason"`
}

// NoticeQuery filters notices. Resellers are those whose notices are shown,
// Customers those who are shown what their own people get; both nil: all.
type NoticeQuery struct {
	Freshness
	Page
	Resellers, Customers []uuid.UUID
	UID                  uuid.UUID // with recipients; uuid.Nil: any, without
	// Any of these, where there are some: months such as 2027-03, customers, e-mail
	// addresses or ids of persons.
	Months     []string
	Accounts   []uuid.UUID
	States     []NoticeState
	Recipients []string
	Seen       *bool
}

// NoticeChoice is how a user wants the notices.
type NoticeChoice struct {
	User, Account uuid.UUID
	Delivery      notice.Delivery
}

// SeenDevice is a device of a customer that was acknowledged with a service end.
type SeenDevice struct {
	Customer, Device uuid.UUID
	ServiceEnd       calendar.Date
}

// PendingMail is a mail of a notice about which nothing is known yet.
type PendingMail struct{ Notice, Mail uuid.UUID }

// NoticesAfter asks for what a round of notices rests on.
type NoticesAfter struct {
	MinPosition eventlog.Position
	Reseller    uuid.UUID
	Before      calendar.Date // the notices of months before it
}
