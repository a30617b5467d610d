package user_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/user"
)

func TestGolden(t *testing.T) {
	t.Parallel()
	uid, owner := uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000001"), uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000002")
	credential := uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000003")
	person := account.Person{ID: uid, Email: "ada@customer.example", Name: "Ada"}
	invitation := account.Invitation{Number: 1, TokenHash: []byte("hash"), Expires: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)}
	domaintest.Golden(t, user.Codec,
		user.UserInvited{User: uid, Account: owner, Person: person, Profiles: []string{"renewals"}, Administrator: true, Invitation: invitation},
		user.UserInvitationSent{User: uid, Invitation: invitation},
		user.UserInvitationExpired{User: uid, Number: 1},
		user.UserInvitationRevoked{User: uid},
		user.UserInvitationAbandoned{User: uid},
		user.UserActivated{User: uid, Account: owner, Person: person, Administrator: true, Credential: credential},
		user.ProfilesAssigned{User: uid, Profiles: []string{"read-only", "renewals"}},
		user.UserDeactivated{User: uid},
		user.UserReactivated{User: uid},
		user.UserErased{User: uid, Account: owner, EmailReservation: "reservation-email-0011"},
		user.UserRenamed{User: uid, Person: person},
		user.EmailChangeRequested{User: uid, Person: person, Change: user.EmailChange{Number: 1, TokenHash: []byte("hash"), Expires: invitation.Expires}},
		user.EmailChangeExpired{User: uid, Number: 1},
		user.EmailChanged{User: uid, Person: person, Number: 1},
		user.UserSignedIn{User: uid, Account: owner, Day: calendar.On(2026, 11, 30)},
		user.UserClaimAbandoned{User: uid, Reservation: "reservation-email-0011"},
		user.PasswordChanged{User: uid, Credential: credential, Reset: 1},
		user.PasswordResetRequested{User: uid, Reset: user.Reset{Number: 1, TokenHash: []byte("hash"), Expires: invitation.Expires}},
		user.PersonalTokenMade{User: uid, Token: credential, Named: account.Person{ID: uid, Name: "ci"}, Expires: invitation.Expires},
		user.SecondFactorAdded{User: uid, Factor: credential, Kind: user.Passkey, Named: account.Person{ID: uid, Name: "Ada's key"}},
		user.SecondFactorRemoved{User: uid, Factor: credential, Kind: user.OneTimeCodes, Named: account.Person{ID: uid, Name: "phone"}},
		user.SecondFactorsReset{User: uid},
		user.RecoveryCodesReplaced{User: uid, Codes: credential, Count: 10},
		user.RecoveryCodeUsed{User: uid, Codes: credential, Number: 3, Left: 9},
	)
}
