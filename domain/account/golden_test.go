package account_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/rights"
)

func TestGolden(t *testing.T) {
	t.Parallel()
	uid, reseller := uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000001"), uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000002")
	administrator := account.Person{ID: uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000003"), Email: "admin@customer.example", Name: "Ada"}
	profile := uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000004")
	external, credential := uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000005"), uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000006")
	invitation := account.Invitation{Number: 1, TokenHash: []byte("hash"), Expires: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)}
	domaintest.Golden(t, account.Codec,
		account.AccountCreated{
			Account: uid, Name: "Prairie Fire", Type: account.Standard, Administrator: administrator,
			Offers: []catalogue.Offer{catalogue.Basic, catalogue.Complete}, Reseller: reseller, Invitation: invitation,
		},
		account.AccountActivated{Account: uid, Administrator: administrator},
		account.InvitationSent{Account: uid, Invitation: invitation},
		account.InvitationExpired{Account: uid, Number: 1},
		account.AccountClosed{Account: uid, Reason: "asked for"},
		account.AccountReopened{Account: uid, Reason: "by mistake"},
		account.AdministratorEmailCorrected{Account: uid, Administrator: administrator, Invitation: invitation},
		account.AdministratorJoined{Account: uid, Administrator: administrator, Credential: credential},
		account.AdministratorRenamed{Account: uid, Administrator: administrator},
		account.AdministratorEmailChanged{Account: uid, Administrator: administrator},
		account.ChannelContactRenamed{Account: uid, Contact: administrator},
		account.SessionIdleTimeSet{Account: uid, Minutes: 30},
		account.SecondFactorRequirementSet{Account: uid, Required: true},
		account.IssuerRequirementSet{Account: uid, Required: true},
		account.AccountCreationAbandoned{Account: uid},
		account.AccountRenamed{Account: uid, Name: "Prairie Wind"},
		account.AccountClaimAbandoned{Account: uid, Reservation: "reservation-name-00"},
		account.OffersAssigned{Account: uid, Offers: []catalogue.Offer{catalogue.Premium}},
		account.BillingChanged{Account: uid, Mode: account.Direct, Contact: administrator},
		account.ChannelContactAssigned{Account: uid, Contact: administrator},
		account.ChannelContactRemoved{Account: uid, Contact: administrator.ID},
		account.SessionLifetimeSet{Account: uid, Minutes: 480},
		account.PasswordLengthSet{Account: uid, Minimum: 16},
		account.AddressRangesSet{Account: uid, Ranges: []string{"192.0.2.0/24"}},
		account.PersonErased{Account: uid, Person: administrator.ID, EmailReservation: "reservation-email-0011"},
		account.AdministratorNamed{Account: uid, Administrator: administrator},
		account.AdministratorRemoved{Account: uid, User: administrator.ID},
		account.AccessWithdrawn{Account: uid, User: administrator.ID},
		account.AccessRestored{Account: uid, User: administrator.ID},
		account.ProfileDefined{Account: uid, Profile: profile, Name: "Workshop", Rights: []rights.Right{rights.DevicesRead, rights.DevicesEdit}},
		account.ProfileRenamed{Account: uid, Profile: profile, Name: "Depot"},
		account.ProfileRightsAssigned{Account: uid, Profile: profile, Rights: []rights.Right{rights.DevicesRead}},
		account.ProfileRemoved{Account: uid, Profile: profile},
		account.ExternalAccountAdded{
			Account: uid, ExternalAccount: external, Kind: account.SMS, Label: "Texts", Endpoint: "https://sms.operator.example/v2", Credential: credential,
		},
		account.ExternalAccountRelabelled{Account: uid, ExternalAccount: external, Label: "Messages"},
		account.ExternalAccountEndpointChanged{Account: uid, ExternalAccount: external, Endpoint: "https://sms.operator.example/v3"},
		account.ExternalAccountSecretReplaced{Account: uid, ExternalAccount: external, Credential: profile, Replaced: credential},
		account.ExternalAccountRemoved{Account: uid, ExternalAccount: external, Credential: profile},
	)
}
