package feed_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/feed"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/models"
	"github.com/fleetledger/fleetledger/domain/notice"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/person"
	"github.com/fleetledger/fleetledger/domain/release"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/transfer"
	"github.com/fleetledger/fleetledger/domain/user"
)

var (
	subject      = uuid.UUID{7} // what the events of a row are about
	third        = uuid.UUID{3}
	modelDefined = models.ModelDefined{}
)

// told is who is told of the events of some types: whoever has the right in one of the
// accounts, or in each. They are in a stream behind the events that begin it.
type told struct {
	types    []string
	stream   string
	begun    []domain.Event
	need     rights.Right
	accounts []uuid.UUID
	inEach   bool
}

// audiences are all types of events with who is told of them. Whoever adds a type thinks
// about who may know, and says so here.
var audiences = []told{
	{
		types: []string{
			"AccessRestored", "AccessWithdrawn", "AccountActivated", "AccountClaimAbandoned", "AccountClosed", "AccountCreated", "AccountCreationAbandoned",
			"AccountRenamed", "AccountReopened", "AddressRangesSet", "AdministratorEmailChanged", "AdministratorEmailCorrected", "AdministratorJoined",
			"AdministratorNamed", "AdministratorRemoved", "AdministratorRenamed", "BillingChanged", "ChannelContactAssigned", "ChannelContactRemoved",
			"ChannelContactRenamed", "ExternalAccountAdded", "ExternalAccountEndpointChanged", "ExternalAccountRelabelled", "ExternalAccountRemoved",
			"ExternalAccountSecretReplaced", "InvitationExpired", "InvitationSent", "IssuerRequirementSet", "OffersAssigned", "PasswordLengthSet",
			"PersonErased", "ProfileDefined", "ProfileRemoved", "ProfileRenamed", "ProfileRightsAssigned", "SecondFactorRequirementSet",
			"SessionIdleTimeSet", "SessionLifetimeSet",
		},
		stream: account.Aggregate.Stream(customer), need: rights.AccountRead, accounts: []uuid.UUID{customer},
	},
	{
		types: []string{
			"EmailChangeExpired", "EmailChangeRequested", "EmailChanged", "PasswordChanged", "PasswordResetRequested", "PersonalTokenMade", "ProfilesAssigned",
			"RecoveryCodeUsed", "RecoveryCodesReplaced", "SecondFactorAdded", "SecondFactorRemoved", "SecondFactorsReset", "UserActivated", "UserClaimAbandoned",
			"UserDeactivated", "UserErased", "UserInvitationAbandoned", "UserInvitationExpired", "UserInvitationRevoked", "UserInvitationSent", "UserInvited",
			"UserReactivated", "UserRenamed", "UserSignedIn",
		},
		stream: user.Aggregate.Stream(subject), begun: []domain.Event{user.UserInvited{Account: customer}}, need: rights.UsersRead, accounts: []uuid.UUID{customer},
	},
	{
		types: []string{
			"AllocationGranted", "ClaimAbandoned", "Held", "HoldReleased", "OfferChanged", "OwnershipReleased", "Reinstated", "Relabelled", "Renamed",
			"RenewalReversed", "Resumed", "Retired", "SIMAssigned", "SIMRemoved", "ServiceRenewed", "Suspended",
		},
		stream: device.Aggregate.Stream(subject), begun: []domain.Event{device.Registered{Account: customer, SerialNumber: "X"}},
		need: rights.DevicesRead, accounts: []uuid.UUID{customer},
	},
	{
		types:  []string{"Registered", "Transferred", "TransferReversed"}, // who had it, and who gets it
		stream: device.Aggregate.Stream(subject), begun: []domain.Event{device.Registered{Account: customer, SerialNumber: "X"}},
		need: rights.DevicesRead, accounts: []uuid.UUID{customer, reseller},
	},
	{
		types: []string{
			"RenewalOrderAbandoned", "RenewalOrderApplied", "RenewalOrderApproved", "RenewalOrderClaimAbandoned", "RenewalOrderDeclined", "RenewalOrderRefused",
			"RenewalOrderReversed", "RenewalOrderWithdrawn",
		},
		stream: order.Aggregate.Stream(subject),
		begun:  []domain.Event{order.RenewalOrdered{Account: reseller, Devices: []order.Line{{Account: customer}, {Account: third}, {Account: customer}}}},
		need:   rights.DevicesRead, accounts: []uuid.UUID{customer, third}, // that have the devices, whoever ordered
	},
	{
		types:  []string{"RenewalOrdered"}, // one without devices
		stream: order.Aggregate.Stream(subject), need: rights.DevicesRead,
	},
	{
		types: []string{
			"ReversalCarriedOut", "ReversalRefused", "ReversalRequested", "TransferCarriedOut", "TransferRefused",
		},
		stream: transfer.Aggregate.Stream(subject), begun: []domain.Event{transfer.TransferRequested{From: customer, To: reseller}},
		need: rights.DevicesRead, accounts: []uuid.UUID{customer, reseller}, inEach: true,
	},
	{
		types:  []string{"TransferRequested"},
		stream: transfer.Aggregate.Stream(subject), need: rights.DevicesRead, accounts: []uuid.UUID{customer, reseller}, inEach: true,
	},
	{
		types:  []string{"DevicesPlanned", "TransferPlanned"},
		stream: transfer.PlanAggregate.Stream(subject), begun: []domain.Event{transfer.TransferPlanned{From: customer, To: reseller}},
		need: rights.DevicesRead, accounts: []uuid.UUID{customer, reseller}, inEach: true,
	},
	{
		types: []string{
			"PartnerProfileAssigned", "PartnershipEndRemoved", "PartnershipEndSet", "PartnershipEndWarned", "PartnershipEnded", "PartnershipEstablished",
			"PartnershipRequestDeclined", "PartnershipRequestWithdrawn", "PartnershipRequested",
		},
		stream: partnership.Aggregate.Stream(subject), begun: []domain.Event{partnership.PartnershipRequested{Reseller: reseller, Customer: customer}},
		need: rights.PartnersRead, accounts: []uuid.UUID{reseller, customer},
	},
	{
		types:  []string{"ReleaseRequestDenied", "ReleaseRequestEnded", "ReleaseRequestGranted", "ReleaseRequested"},
		stream: release.Aggregate.Stream(customer), begun: []domain.Event{release.ReleaseRequested{Request: subject, Requester: third}},
		need: rights.DevicesRead, accounts: []uuid.UUID{customer, third},
	},
	{
		types:  []string{"NoticeAcknowledged", "NoticeFailed", "NoticePrepared", "NoticeQueued", "NoticeSent", "NoticeSkipped"},
		stream: notice.Aggregate.Stream(subject), begun: []domain.Event{notice.NoticePrepared{About: notice.About{Reseller: reseller, Customer: customer}}},
		need: rights.CustomersRead, accounts: []uuid.UUID{reseller},
	},
	{
		types:  []string{"NoticeRecipientErased", "NoticeRecipientNamed", "NoticeRoundBegun", "NoticeRoundClosed"},
		stream: notice.RoundAggregate.Stream(subject), begun: []domain.Event{notice.NoticeRoundBegun{Reseller: reseller}},
		need: rights.CustomersRead, accounts: []uuid.UUID{reseller},
	},
	{
		types:  []string{"ModelDefined", "ModelRevised", "ModelWithdrawn"}, // the catalogue is everybody's
		stream: "catalogue-models", accounts: []uuid.UUID{query.Everybody},
	},
	// The operator alone.
	{types: []string{"NoticeDevicesListed"}, stream: notice.Aggregate.Stream(subject), need: rights.CustomersRead}, // before it is said whose the notice is
	{types: []string{"NoticeDeliveryChosen"}, stream: notice.ChoiceAggregate.Stream(subject)},
	{types: []string{"AuditGranted", "AuditGrantRevoked", "AuditorErased"}, stream: audit.Aggregate.Stream(subject)},
	{types: []string{"PersonUnreadable"}, stream: person.Aggregate.Stream(subject)},
}

// example is an event of a type. Of what says itself whose it is, it says so.
func example(kind reflect.Type) domain.Event {
	switch e := reflect.Zero(kind).Interface().(type) {
	case device.Registered:
		return device.Registered{Account: reseller, SerialNumber: "X"}
	case device.Transferred:
		return device.Transferred{To: reseller}
	case device.TransferReversed:
		return device.TransferReversed{To: reseller}
	case user.UserInvited:
		return user.UserInvited{Account: customer}
	case user.UserActivated:
		return user.UserActivated{Account: customer}
	case transfer.TransferRequested:
		return transfer.TransferRequested{From: customer, To: reseller}
	case transfer.TransferPlanned:
		return transfer.TransferPlanned{From: customer, To: reseller}
	case partnership.PartnershipEstablished:
		return partnership.PartnershipEstablished{Reseller: reseller, Customer: customer}
	case partnership.PartnershipRequested:
		return partnership.PartnershipRequested{Reseller: reseller, Customer: customer}
	case notice.NoticePrepared:
		return notice.NoticePrepared{About: notice.About{Reseller: reseller, Customer: customer}}
	case notice.NoticeSkipped:
		return notice.NoticeSkipped{About: notice.About{Reseller: reseller, Customer: customer}}
	case notice.NoticeRoundBegun:
		return notice.NoticeRoundBegun{Reseller: reseller}
	case release.ReleaseRequested:
		return release.ReleaseRequested{Request: subject, Requester: third}
	case release.ReleaseRequestGranted:
		return release.ReleaseRequestGranted{Request: subject}
	case release.ReleaseRequestDenied:
		return release.ReleaseRequestDenied{Request: subject}
	case release.ReleaseRequestEnded:
		return release.ReleaseRequestEnded{Request: subject}
	case domain.Event:
		return e
	}
	panic(kind.String() + " is no event")
}

// TestWhoIsTold: each type of event has a row in the table, and who is told is what the
// row says. In one batch with what began its stream, and in one of its own.
func TestWhoIsTold(t *testing.T) {
	t.Parallel()
	recorded, _ := feed.Types()
	rows := map[string]told{}
	for _, row := range audiences {
		for _, name := range row.types {
			require.NotContains(t, rows, name)
			require.Contains(t, recorded, name)
			rows[name] = row
		}
	}
	m, h := given(t)
	for name, kind := range recorded {
		row, ok := rows[name]
		if !ok {
			t.Errorf("nobody has said who is told of %s", name)
			continue
		}
		for _, apart := range []bool{false, true} {
			check(t, m, h, row, example(kind.Event()), apart)
		}
	}
}

// check projects what began a stream and an event behind it, and looks at the item of
// that. Afterwards nothing is known.
func check(t *testing.T, m *model, h *history, row told, e domain.Event, apart bool) {
	t.Helper()
	_, err := m.pool.Exec(t.Context(), "DELETE FROM rm_feed_v1.devices; DELETE FROM rm_feed_v1.subjects")
	require.NoError(t, err)
	h.add(row.stream, row.begun...)
	if apart {
		m.whenProjected(t, h)
	}
	h.add(row.stream, e)
	m.whenProjected(t, h)
	all := m.items(t)
	got := all[len(all)-1]
	require.Equal(t, query.FeedItem{
		N: int64(len(h.events)), Event: h.events[len(h.events)-1].ID, Type: e.EventType(), Stream: row.stream, Revision: h.revisions[row.stream] - 1,
		Position: h.events[len(h.events)-1].Position, Need: row.need, Accounts: append([]uuid.UUID{}, row.accounts...), InEach: row.inEach, Device: got.Device,
	}, got, e.EventType())
	require.Equal(t, row.stream == device.Aggregate.Stream(subject), got.Device == subject, e.EventType())
	for _, uid := range row.accounts {
		n, err := m.reader.Next(t.Context(), got.N-1, []uuid.UUID{uid})
		require.NoError(t, err)
		require.Equal(t, got.N, n, e.EventType())
	}
}

// Nothing of what the service notes for itself is followed, and all that is told is.
func TestWhatIsFollowed(t *testing.T) {
	t.Parallel()
	for _, own := range []string{"reservation-serial-1", "batch-1", "release-1", eventlog.IdentityStream} {
		require.False(t, slices.ContainsFunc(projection.Prefixes, func(prefix string) bool { return len(own) >= len(prefix) && own[:len(prefix)] == prefix }), own)
	}
	for _, row := range audiences {
		require.True(t, slices.ContainsFunc(projection.Prefixes, func(prefix string) bool { return len(row.stream) >= len(prefix) && row.stream[:len(prefix)] == prefix }), row.stream)
	}
}
