package notice_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/notice"
)

// TestGolden: what is in the log stays readable, and is written as it was.
func TestGolden(t *testing.T) {
	t.Parallel()
	id := func(n byte) uuid.UUID { return uuid.UUID{0xb4, 6: 0x40, 8: 0x80, 15: n} }
	on := calendar.On(2027, 3, 1)
	about := notice.About{
		Notice: id(1), Round: id(2), Reseller: id(3), ResellerName: "North Radio", Customer: id(4), CustomerName: "Delta Rail", On: on,
	}
	domaintest.Golden(t, notice.Codec,
		notice.NoticeDevicesListed{Notice: id(1), First: 7, Devices: []notice.Line{{
			Device: id(5), SerialNumber: "LD00000000000001", Name: "train 1", IMEI: "004491972154667", Model: "MP70", Offer: catalogue.Complete,
			LifeCycle: "active", ServiceStart: calendar.On(2026, 3, 10), ServiceEnd: calendar.On(2027, 3, 10), WarrantyEnd: calendar.On(2027, 3, 10),
			SupportEnd: calendar.On(2027, 3, 10), Labels: []string{"night"}, AutoRenew: true, Seen: true,
		}}},
		notice.NoticePrepared{
			About: about, LookAhead: 90, Windows: []notice.Window{{Name: "red", FromDay: 0, ToDay: 30}},
			Recipients: []notice.Recipient{{Person: id(6), Role: notice.Administrator, Mail: id(7), Digest: true}},
		},
		notice.NoticeSkipped{About: about, Due: 2, Reason: notice.NoAdministrator},
		notice.NoticeQueued{Notice: id(1)},
		notice.NoticeSent{Notice: id(1), Mails: []uuid.UUID{id(7)}},
		notice.NoticeFailed{Notice: id(1), Mail: id(7), Reason: "550 no such mailbox"},
		notice.NoticeAcknowledged{Notice: id(1), Devices: []uuid.UUID{id(5)}},
		notice.NoticeRoundBegun{Round: id(2), Reseller: id(3), On: on},
		notice.NoticeRecipientNamed{
			Round: id(2), Person: account.Person{ID: id(6), Email: "bo@customer.example", Name: "Bo"}, Role: notice.CustomerAdministrator,
			Customer: id(4), Digest: true,
		},
		notice.NoticeRecipientErased{Round: id(2), Person: id(6)},
		notice.NoticeRoundClosed{Round: id(2), NothingDue: []uuid.UUID{id(8)}},
		notice.NoticeDeliveryChosen{User: id(6), Account: id(3), Delivery: notice.Digest},
	)
}
