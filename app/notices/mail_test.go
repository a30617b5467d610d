package notices

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/letters/letterstest"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/notice"
)

type fixed struct{}

func (fixed) Now() time.Time { return time.Date(2027, 3, 1, 6, 0, 2, 0, time.UTC) }

var (
	reseller, falcon, delta = uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}
	ines, tomas, marta, own = uuid.UUID{4}, uuid.UUID{5}, uuid.UUID{6}, uuid.UUID{7}
	first                   = calendar.On(2027, 3, 1)
)

// march is the round of March 2027.
func march() *round {
	person := func(id uuid.UUID, name string) account.Person {
		return account.Person{ID: id, Name: name, Email: strings.ToLower(name[:3]) + "@x.example"}
	}
	s := &Service{
		executor: &command.Executor{Clock: fixed{}}, tokens: access.NewTokens([]byte("secret of this test"), nil),
		options: Options{PublicURL: "https://fleet.example", Hours: 6, LookAhead: 90},
	}
	return &round{Service: s, Round: notice.Round{UID: notice.RoundUID(reseller, first), Reseller: reseller, On: first, People: []notice.Named{
		{Person: person(ines, "Ines Okafor"), Role: notice.Administrator},
		{Person: person(tomas, "Tomás Quiroga"), Role: notice.Administrator, Digest: true},
		{Person: person(marta, "Marta Lindqvist"), Role: notice.ChannelContact},
		{Person: person(own, "Bo Falk"), Role: notice.CustomerAdministrator, Customer: falcon},
	}}}
}

// about is a notice on a customer with devices that end so many days after the 1st.
func (r *round) about(customer uuid.UUID, name string, lines ...notice.Line) notice.State {
	s := notice.State{
		About: notice.About{
			Notice: notice.UID(reseller, customer, first), Round: r.UID, Reseller: reseller, ResellerName: "Kestrel Networks",
			Customer: customer, CustomerName: name, On: first,
		},
		LookAhead: 90, Windows: []notice.Window{{Name: "red", ToDay: 30}, {Name: "amber", FromDay: 31, ToDay: 60}, {Name: "green", FromDay: 61, ToDay: 90}},
		Recipients: r.Recipients(customer),
	}
	for i := range lines {
		lines[i].Device = uuid.UUID{9, byte(i)}
		lines[i].SerialNumber, lines[i].Model, lines[i].Offer, lines[i].LifeCycle = fmt.Sprintf("LD%014d", i), "MP70", "complete", "active"
	}
	s.Lines = ordered(lines)
	return s
}

func ending(name string, days int) notice.Line {
	return notice.Line{Name: name, ServiceEnd: first.AddDays(days), ServiceStart: first.AddDays(days - 365)}
}

// The golden files are mails as they arrive; open the HTML in a browser.
func TestMails(t *testing.T) {
	t.Parallel()
	r := march()
	seen, auto, odd := ending("bus-61", 21), ending("depot", 87), ending(`=<b>"x"&y</b>`, 38)
	seen.Seen, auto.AutoRenew, odd.Labels = true, true, []string{"+49", "night"}
	some := r.about(falcon, "Falcon <Buses>", ending("bus-47", 21), ending("bus-12", -5), odd, ending("bus-96", 87), seen, ending("bus-1", 0))
	var many []notice.Line
	for n := range 30 {
		many = append(many, ending(fmt.Sprintf("train-%d", n), n+1))
	}
	states := map[string]notice.State{
		"falcon": some, "many": r.about(delta, "Delta Rail", many...), "itself": r.about(reseller, "Kestrel Networks", auto),
		"expired": r.about(delta, "Delta Rail", ending("train-1", -1), ending("train-2", -40)),
	}
	for name, to := range map[string]struct {
		notice string
		person uuid.UUID
	}{
		"administrator": {"falcon", ines}, "contact": {"falcon", marta}, "customer": {"falcon", own}, "many": {"many", ines},
		"itself": {"itself", ines}, "expired": {"expired", ines},
	} {
		s := states[to.notice]
		for _, recipient := range s.Recipients {
			if recipient.Person != to.person {
				continue
			}
			m, err := r.noticeMail(s, recipient)
			require.NoError(t, err)
			require.Equal(t, recipient.Mail, m.ID)
			letterstest.SameWords(t, m.Body, m.HTML)
			letterstest.Golden(t, name+".txt", "Subject: "+m.Subject+"\n\n"+m.Body)
			letterstest.Golden(t, name+".html", m.HTML)
			letterstest.Golden(t, name+".csv", string(m.Attachments[0].Data))
			require.Equal(t, name == "customer", m.Unsubscribe != "")
		}
	}
	m, err := r.digestMail(uuid.UUID{8}, r.People[1], []notice.State{some, states["itself"]})
	require.NoError(t, err)
	letterstest.SameWords(t, m.Body, m.HTML)
	letterstest.Golden(t, "digest.txt", "Subject: "+m.Subject+"\n\n"+m.Body)
	letterstest.Golden(t, "digest.html", m.HTML)
	letterstest.Golden(t, "digest.csv", string(m.Attachments[0].Data))
}
