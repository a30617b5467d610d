package notice

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/codec"
)

// The types below are the format of the log, see package account.

// Codec knows the events of notices, their rounds and choices.
var Codec = codec.NewRegistry(
	codec.Of[NoticeDevicesListed](),
	codec.Of[NoticePrepared](),
	codec.Of[NoticeSkipped](),
	codec.Of[NoticeQueued](),
	codec.Of[NoticeSent](),
	codec.Of[NoticeFailed](),
	codec.Of[NoticeAcknowledged](),
	codec.Of[NoticeRoundBegun](),
	codec.Of[NoticeRecipientNamed](),
	codec.Of[NoticeRecipientErased](),
	codec.Of[NoticeRoundClosed](),
	codec.Of[NoticeDeliveryChosen](),
)

// NoticeDevicesListed lists devices that are due, those from the index First on.
// First 0 begins the list anew.
type NoticeDevicesListed struct {
	Notice  uuid.UUID `json:"notice"`
	First   int       `json:"first"`
	Devices []Line    `json:"devices"`
}

// Line is a device that is due, as it was on the 1st. Seen says that it was
// acknowledged in an earlier month with the same service end.
type Line struct {
	Device       uuid.UUID       `json:"device"`
	SerialNumber string          `json:"serialNumber"`
	Name         string          `json:"name"`
	IMEI         string          `json:"imei,omitempty"`
	Model        string          `json:"model"`
	Offer        catalogue.Offer `json:"offer"`
	LifeCycle    string          `json:"lifeCycle"`
	ServiceStart calendar.Date   `json:"serviceStart,omitzero"`
	ServiceEnd   calendar.Date   `json:"serviceEnd"`
	WarrantyEnd  calendar.Date   `json:"warrantyEnd,omitzero"`
	SupportEnd   calendar.Date   `json:"supportEnd,omitzero"`
	Labels       []string        `json:"labels,omitempty"`
	AutoRenew    bool            `json:"autoRenew,omitempty"`
	Seen         bool            `json:"seen,omitempty"`
}

// About says whose notice it is: that of a reseller on a customer for a month, as
// of the day On. The names are those of that day.
type About struct {
	Notice       uuid.UUID     `json:"notice"`
	Round        uuid.UUID     `json:"round"`
	Reseller     uuid.UUID     `json:"reseller"`
	ResellerName string        `json:"resellerName"`
	Customer     uuid.UUID     `json:"customer"`
	CustomerName string        `json:"customerName"`
	On           calendar.Date `json:"on"`
}

// NoticePrepared ends the list of devices, and says who gets it. LookAhead is for
// how many days it looks ahead, Windows the renewal windows then.
type NoticePrepared struct {
	About
	LookAhead  int         `json:"lookAhead"`
	Windows    []Window    `json:"windows"`
	Recipients []Recipient `json:"recipients"`
}

// Window is a renewal window: whole days from On, both inclusive.
type Window struct {
	Name    string `json:"name"`
	FromDay int    `json:"fromDay"`
	ToDay   int    `json:"toDay"`
}

// Recipient is a person of the round who gets the notice, with the mail that brings
// it: one of its own or, with Digest, that of all notices of the round.
type Recipient struct {
	Person uuid.UUID `json:"person"`
	Role   Role      `json:"role"`
	Mail   uuid.UUID `json:"mail"`
	Digest bool      `json:"digest,omitempty"`
}

// NoticeSkipped says that there is no notice although Due devices are due, and why.
type NoticeSkipped struct {
	About
	Due    int    `json:"due"`
	Reason Reason `json:"reason"`
}

// NoticeQueued says that all mails of the notice were handed to the mailer.
type NoticeQueued struct {
	Notice uuid.UUID `json:"notice"`
}

// NoticeSent says that mails have gone out.
type NoticeSent struct {
	Notice uuid.UUID   `json:"notice"`
	Mails  []uuid.UUID `json:"mails"`
}

// NoticeFailed says that a mail was given up, and why, as the mail server says.
type NoticeFailed struct {
	Notice uuid.UUID `json:"notice"`
	Mail   uuid.UUID `json:"mail"`
	Reason string    `json:"reason"`
}

// NoticeAcknowledged says that somebody of the reseller has seen devices of the
// notice.
type NoticeAcknowledged struct {
	Notice  uuid.UUID   `json:"notice"`
	Devices []uuid.UUID `json:"devices"`
}

// NoticeRoundBegun begins the notices of a reseller for a month.
type NoticeRoundBegun struct {
	Round    uuid.UUID     `json:"round"`
	Reseller uuid.UUID     `json:"reseller"`
	On       calendar.Date `json:"on"`
}

// NoticeRecipientNamed says that a person gets the notices of the round, or, with
// a customer, that on this customer.
type NoticeRecipientNamed struct {
	Round    uuid.UUID      `json:"round"`
	Person   account.Person `json:"person"`
	Role     Role           `json:"role"`
	Customer uuid.UUID      `json:"customer,omitzero"`
	Digest   bool           `json:"digest,omitempty"`
}

// NoticeRecipientErased says that a recipient is to be forgotten, as
// account.PersonErased does.
type NoticeRecipientErased struct {
	Round  uuid.UUID `json:"round"`
	Person uuid.UUID `json:"person"`
}

// NoticeRoundClosed says that all notices of the round are with the mailer.
// NothingDue are the customers of which there was nothing to tell.
type NoticeRoundClosed struct {
	Round      uuid.UUID   `json:"round"`
	NothingDue []uuid.UUID `json:"nothingDue,omitempty"`
}

// NoticeDeliveryChosen says how a user wants the notices.
type NoticeDeliveryChosen struct {
	User     uuid.UUID `json:"user"`
	Account  uuid.UUID `json:"account"`
	Delivery Delivery  `json:"delivery"`
}

func (NoticeDevicesListed) EventType() string   { return "NoticeDevicesListed" }
func (NoticePrepared) EventType() string        { return "NoticePrepared" }
func (NoticeSkipped) EventType() string         { return "NoticeSkipped" }
func (NoticeQueued) EventType() string          { return "NoticeQueued" }
func (NoticeSent) EventType() string            { return "NoticeSent" }
func (NoticeFailed) EventType() string          { return "NoticeFailed" }
func (NoticeAcknowledged) EventType() string    { return "NoticeAcknowledged" }
func (NoticeRoundBegun) EventType() string      { return "NoticeRoundBegun" }
func (NoticeRecipientNamed) EventType() string  { return "NoticeRecipientNamed" }
func (NoticeRecipientErased) EventType() string { return "NoticeRecipientErased" }
func (NoticeRoundClosed) EventType() string     { return "NoticeRoundClosed" }
func (NoticeDeliveryChosen) EventType() string  { return "NoticeDeliveryChosen" }
