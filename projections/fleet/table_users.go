package fleet

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/text"
	"github.com/fleetledger/fleetledger/domain/user"
)

// userState is that of a user, with what lists show besides.
type userState struct {
	user.State
	CreatedAt time.Time
}

var userTable = table[userState]{
	name:   "user_versions",
	prefix: userPrefix,
	evolve: func(s userState, e eventlog.Recorded) userState {
		s.State = user.Evolve(s.State, e.Event)
		if s.CreatedAt.IsZero() {
			s.CreatedAt = e.Metadata.OccurredAt.UTC()
		}
		return s
	},
	exists: func(s userState) bool { return s.Status != "" },
	row:    func(s userState) any { return userRowOf(s) },
	parse:  parse[userRow, userState],
	columns: func(s userState) []field {
		return append([]field{
			{"name_key", text.Key(s.Person.Name)},
			{"email_key", text.Key(s.Person.Email)},
			{"search", searchedPerson(s.Person)},
			{"account", [16]byte(s.Account)},
			{"status", string(s.Status)},
			{"created_at", s.CreatedAt},
			{"email_change_due", due(s.Change.Expires, !s.Change.Expires.IsZero())},
		}, invitationColumns(s.Invitation, s.Status == user.Pending && s.Lapsed != s.Invitation.Number)...)
	},
	personal: []erasure{
		{"name_key", literal(text.Key(account.Erased))},
		{"email_key", literal(text.Key(account.Erased))},
		{"search", literal(searchedPerson(account.Person{}.Erase()))},
	},
}

// userRow is userState as it is stored: without credential, second factors, tokens,
// password reset and an address that is not confirmed.
type userRow struct {
	UID           uuid.UUID      `json:"uid"`
	Account       uuid.UUID      `json:"account"`
	Person        account.Person `json:"person"`
	Status        user.Status    `json:"status"`
	Profiles      []string       `json:"profiles,omitzero"`
	Administrator bool           `json:"administrator,omitzero"`
	Invitation    invitationRow  `json:"invitation"`
	Lapsed        int            `json:"lapsed,omitzero"`
	Change        emailChangeRow `json:"change,omitzero"`
	OwnEmail      bool           `json:"ownEmail,omitzero"`
	LastSeen      calendar.Date  `json:"lastSeen,omitzero"`
	Abandoned     bool           `json:"abandoned,omitzero"`
	Erased        bool           `json:"erased,omitzero"`
	CreatedAt     time.Time      `json:"createdAt"`
}

// emailChangeRow is a request for another address without its token.
type emailChangeRow struct {
	Number  int       `json:"number"`
	Expires time.Time `json:"expires,omitzero"`
}

func userRowOf(s userState) userRow {
	return userRow{
		UID: s.UID, Account: s.Account, Person: s.Person, Status: s.Status, Profiles: s.Profiles, Administrator: s.Administrator,
		Invitation: invitationRowOf(s.Invitation), Lapsed: s.Lapsed,
		Change: emailChangeRow{Number: s.Change.Number, Expires: s.Change.Expires}, OwnEmail: s.OwnEmail, LastSeen: s.LastSeen, Abandoned: s.Abandoned, Erased: s.Erased, CreatedAt: s.CreatedAt,
	}
}

func (r userRow) state() userState {
	return userState{CreatedAt: r.CreatedAt, State: user.State{
		UID: r.UID, Account: r.Account, Person: r.Person, Status: r.Status, Profiles: r.Profiles, Administrator: r.Administrator,
		Invitation: r.Invitation.invitation(), Lapsed: r.Lapsed,
		Change: user.EmailChange{Number: r.Change.Number, Expires: r.Change.Expires}, OwnEmail: r.OwnEmail, LastSeen: r.LastSeen, Abandoned: r.Abandoned, Erased: r.Erased,
	}}
}
