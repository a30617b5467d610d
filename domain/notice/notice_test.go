package notice_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/notice"
)

var (
	reseller, customer, ada, bo = uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}, uuid.UUID{4}
	first                       = calendar.On(2027, 3, 1)
	uid, round                  = notice.UID(reseller, customer, first), notice.RoundUID(reseller, first)
	about                       = notice.About{Notice: uid, Round: round, Reseller: reseller, Customer: customer, On: first}
	one, two                    = line(5, 9), line(6, -3)
	listed                      = notice.NoticeDevicesListed{Notice: uid, Devices: []notice.Line{one, two}}
	prepared                    = notice.NoticePrepared{About: about, LookAhead: 90, Recipients: []notice.Recipient{
		{Person: ada, Role: notice.Administrator, Mail: notice.MailOf(uid, ada)},
		{Person: bo, Role: notice.Administrator, Mail: notice.MailOf(round, bo), Digest: true},
	}}
)

func line(n byte, days int) notice.Line {
	return notice.Line{Device: uuid.UUID{n}, SerialNumber: strings.Repeat("X", int(n)), ServiceEnd: first.AddDays(days)}
}

func given(t *testing.T, events ...domain.Event) *domaintest.Scenario[notice.State] {
	t.Helper()
	return domaintest.Given(t, notice.Evolve, events...)
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	prepare := func(s notice.State) ([]domain.Event, error) { return notice.DecidePrepare(s, listed, prepared) }
	skip := func(s notice.State) ([]domain.Event, error) {
		return notice.DecideSkip(s, notice.NoticeSkipped{About: about, Due: 2, Reason: notice.NoAdministrator})
	}
	s := given(t).When(prepare).Then(listed, prepared)
	s.When(prepare).Then()
	s.When(skip).Then()
	given(t).When(skip).ThenDone()
	if s := given(t, listed).State; s.Exists() {
		t.Error("a list alone is no notice")
	}
	// Whoever comes after a death lists anew.
	again := given(t, listed, notice.NoticeDevicesListed{Notice: uid, Devices: []notice.Line{two}}, notice.NoticeDevicesListed{Notice: uid, First: 1, Devices: []notice.Line{one}})
	if diff := cmp.Diff([]notice.Line{two, one}, again.State.Lines); diff != "" {
		t.Error(diff)
	}
}

// A long list goes into several events, none of which is too large for an append.
func TestLongLists(t *testing.T) {
	t.Parallel()
	lines := make([]notice.Line, 5000)
	for i := range lines {
		lines[i] = notice.Line{Device: uuid.UUID{1, byte(i), byte(i >> 8)}, Name: strings.Repeat("n", 200)}
	}
	var s notice.State
	chunks := notice.List(uid, lines)
	for _, c := range chunks {
		_, _, data, err := notice.Codec.Encode(c)
		if err != nil || len(data) > 500_000 {
			t.Errorf("%d bytes, %v", len(data), err)
		}
		s = notice.Evolve(s, c)
	}
	if diff := cmp.Diff(lines, s.Lines); diff != "" || len(chunks) < 3 {
		t.Errorf("%d chunks\n%s", len(chunks), diff)
	}
	if got := notice.List(uid, nil); len(got) != 1 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestDelivered(t *testing.T) {
	t.Parallel()
	mails := []uuid.UUID{prepared.Recipients[0].Mail, prepared.Recipients[1].Mail}
	deliver := func(done map[uuid.UUID]notice.Delivered, queued bool) domaintest.Decision[notice.State] {
		return func(s notice.State) ([]domain.Event, error) { return notice.DecideDelivered(s, done, queued) }
	}
	s := given(t, listed, prepared).When(deliver(nil, true)).Then(notice.NoticeQueued{Notice: uid})
	s.When(deliver(nil, true)).Then()
	s = s.When(deliver(map[uuid.UUID]notice.Delivered{mails[0]: {Failed: "full"}, mails[1]: {}, {9}: {}}, false)).
		Then(notice.NoticeFailed{Notice: uid, Mail: mails[0], Reason: "full"}, notice.NoticeSent{Notice: uid, Mails: mails[1:]})
	s.When(deliver(map[uuid.UUID]notice.Delivered{mails[0]: {}, mails[1]: {}}, true)).Then() // it stays what it was
	if len(s.State.Pending()) > 0 {
		t.Error(s.State.Pending())
	}
}

func TestAcknowledge(t *testing.T) {
	t.Parallel()
	seen := func(devices ...uuid.UUID) domaintest.Decision[notice.State] {
		return func(s notice.State) ([]domain.Event, error) { return notice.DecideAcknowledge(s, devices) }
	}
	given(t).When(seen()).ThenRefused(notice.CodeNotFound)
	given(t, notice.NoticeSkipped{About: about, Reason: notice.NoAdministrator}).When(seen()).ThenRefused(notice.CodeSkipped)
	s := given(t, listed, prepared)
	s.When(seen(one.Device, uuid.UUID{99})).ThenRefused(notice.CodeNotInNotice)
	s = s.When(seen(two.Device)).Then(notice.NoticeAcknowledged{Notice: uid, Devices: []uuid.UUID{two.Device}})
	s = s.When(seen()).Then(notice.NoticeAcknowledged{Notice: uid, Devices: []uuid.UUID{one.Device}})
	s.When(seen()).Then()
}

func TestRound(t *testing.T) {
	t.Parallel()
	person := func(id uuid.UUID, email string) account.Person { return account.Person{ID: id, Email: email} }
	c := notice.Begin{Round: round, Reseller: reseller, On: first, People: []notice.Named{
		{Person: person(ada, "ada@x.example"), Role: notice.Administrator},
		{Person: person(bo, "bo@x.example"), Role: notice.Administrator, Digest: true},
		{Person: person(uuid.UUID{5}, "ADA@x.example"), Role: notice.ChannelContact}, // one address, one mail
		{Person: person(uuid.UUID{6}, account.Erased), Role: notice.ChannelContact},
		{Person: person(uuid.UUID{7}, "cy@y.example"), Role: notice.CustomerAdministrator, Customer: customer},
		{Person: person(uuid.UUID{7}, "cy@y.example"), Role: notice.CustomerAdministrator, Customer: customer},
		{Person: person(uuid.UUID{8}, "bo@x.example"), Role: notice.CustomerAdministrator, Customer: customer},
	}}
	begin := func(r notice.Round) ([]domain.Event, error) { return notice.DecideBegin(r, c) }
	r := domaintest.Given(t, notice.EvolveRound).When(begin).Then(
		notice.NoticeRoundBegun{Round: round, Reseller: reseller, On: first},
		notice.NoticeRecipientNamed{Round: round, Person: c.People[0].Person, Role: notice.Administrator},
		notice.NoticeRecipientNamed{Round: round, Person: c.People[1].Person, Role: notice.Administrator, Digest: true},
		notice.NoticeRecipientNamed{Round: round, Person: c.People[4].Person, Role: notice.CustomerAdministrator, Customer: customer},
	)
	r.When(begin).Then()
	if diff := cmp.Diff([]notice.Recipient{
		prepared.Recipients[0], prepared.Recipients[1],
		{Person: uuid.UUID{7}, Role: notice.CustomerAdministrator, Mail: notice.MailOf(uid, uuid.UUID{7})},
	}, r.State.Recipients(customer)); diff != "" {
		t.Error(diff)
	}
	if got := r.State.Recipients(reseller); len(got) != 2 {
		t.Errorf("on another customer: %v", got)
	}
	erase := func(id uuid.UUID) domaintest.Decision[notice.Round] {
		return func(r notice.Round) ([]domain.Event, error) { return notice.DecideErase(r, id) }
	}
	r.When(erase(uuid.UUID{42})).Then()
	r = r.When(erase(ada)).Then(notice.NoticeRecipientErased{Round: round, Person: ada})
	r.When(erase(ada)).Then()
	if !r.State.Person(ada).Person.IsErased() || !r.State.HasAdministrator() {
		t.Error(r.State)
	}
	end := func(r notice.Round) ([]domain.Event, error) { return notice.DecideClose(r, []uuid.UUID{customer}) }
	r.When(end).Then(notice.NoticeRoundClosed{Round: round, NothingDue: []uuid.UUID{customer}}).When(end).Then()
}

func TestChoice(t *testing.T) {
	t.Parallel()
	choose := func(kind account.Type, d notice.Delivery) domaintest.Decision[notice.Choice] {
		return func(c notice.Choice) ([]domain.Event, error) { return notice.DecideChoose(c, ada, customer, kind, d) }
	}
	chosen := func(d notice.Delivery) domain.Event {
		return notice.NoticeDeliveryChosen{User: ada, Account: customer, Delivery: d}
	}
	none := domaintest.Given(t, notice.EvolveChoice)
	if none.State.Or(account.Reseller) != notice.Each || none.State.Or(account.Standard) != notice.None {
		t.Error("without a choice")
	}
	none.When(choose(account.Reseller, notice.None)).ThenRefused(notice.CodeRequired)
	none.When(choose(account.Reseller, notice.Each)).Then()
	none.When(choose(account.Standard, notice.None)).Then()
	s := none.When(choose(account.Standard, notice.Each)).Then(chosen(notice.Each))
	s.When(choose(account.Standard, notice.Each)).Then()
	s = s.When(choose(account.Standard, notice.None)).Then(chosen(notice.None))
	if s.State.Or(account.Reseller) != notice.Each {
		t.Error("none is no choice of a reseller's administrator")
	}
	s.When(choose(account.Reseller, notice.Digest)).Then(chosen(notice.Digest))
}

func TestWhen(t *testing.T) {
	t.Parallel()
	due := time.Date(2027, 3, 1, 6, 0, 0, 0, time.UTC)
	if got := notice.Due(calendar.On(2027, 3, 17), 6); !got.Equal(due) {
		t.Error(got)
	}
	for at, want := range map[time.Time]calendar.Date{
		due: first, due.Add(-time.Nanosecond): calendar.On(2027, 2, 1), due.AddDate(0, 1, 0).Add(-time.Hour): first,
	} {
		if got := notice.Latest(at, 6); got != want {
			t.Errorf("%s: %s", at, got)
		}
	}
}
