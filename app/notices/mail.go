package notices

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/letters"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/notice"
)

// listed is how many devices a mail names; its file has all.
const listed = 20

// noticeMail is the mail of one notice to one recipient.
func (r *round) noticeMail(s notice.State, to notice.Recipient) (ports.Mail, error) {
	file, err := CSV(s.Customer, s.On, s)
	if err != nil {
		return ports.Mail{}, err
	}
	t := tallyOf(s)
	l := letters.Letter{
		Kicker: "Fleetledger, renewals for " + monthName(s.On),
		Title:  title(s, t),
		Blocks: []letters.Block{{Text: lead(s, t, r.options.Hours)}, {Figures: t.figures(s.Windows)}},
	}
	l.Preview = l.Blocks[0].Text
	space := listed
	for _, part := range []struct {
		caption string
		lines   []notice.Line
	}{
		{"Devices that need an order", t.fresh},
		{"Acknowledged before", t.seen},
		{"Renew by themselves, no order needed", t.auto},
	} {
		shown := part.lines[:min(len(part.lines), space)]
		if space -= len(shown); len(shown) > 0 {
			l.Blocks = append(l.Blocks, letters.Block{Table: deviceTable(s, part.caption, shown)})
		}
	}
	attached := "The whole list with IMEI, offer, warranty and labels is attached: " + file.Name + "."
	if len(s.Lines) > listed {
		attached += fmt.Sprintf(" This mail lists %d of %d devices.", listed, len(s.Lines))
	}
	l.Blocks = append(l.Blocks, letters.Block{Note: attached})
	path, label := "/renew?account="+s.Customer.String(), "Renew these devices"
	if t.needOrder() == 0 {
		path, label = "/devices?account="+s.Customer.String(), "Look at the devices"
	}
	r.links(&l, to, path, label, s)
	if t.needOrder() == 0 {
		l.Other = letters.Link{}
	}
	l.Why = r.why(to, s)
	return r.mail(to.Mail, to, l, fmt.Sprintf("%s: %s due by %s", letters.Quoted(s.CustomerName), letters.Devices(len(t.fresh)+len(t.seen)+len(t.auto)), s.On.AddDays(s.LookAhead)), file)
}

// mail puts a letter into its envelope.
func (r *round) mail(id uuid.UUID, to notice.Recipient, l letters.Letter, subject string, file ports.Attachment) (ports.Mail, error) {
	l.Own = []string{r.options.PublicURL, file.Name}
	html, err := l.HTML()
	m := ports.Mail{
		ID: id, To: r.Person(to.Person).Person.Email, At: r.executor.Clock.Now().UTC(), Subject: letters.Harmless(subject), Body: l.Plain(), HTML: html,
		Attachments: []ports.Attachment{file},
		Event:       r.UID, Kind: notice.NoticePrepared{}.EventType(),
	}
	if to.Role == notice.CustomerAdministrator {
		m.Unsubscribe = r.options.PublicURL + "/v1/unsubscriptions/" + r.tokens.Unsubscription(to.Person)
	}
	return m, err
}

// links are those of people who can sign in.
func (r *round) links(l *letters.Letter, to notice.Recipient, path, label string, s notice.State) {
	if to.Role == notice.ChannelContact {
		return
	}
	l.Button = letters.Link{Label: label, URL: r.options.PublicURL + path}
	if to.Role == notice.Administrator {
		l.Other = letters.Link{Label: "Mark as seen", URL: r.options.PublicURL + "/notices?month=" + notice.Month(s.On)}
	}
}

// tally sorts the devices of a notice.
type tally struct {
	fresh, seen, auto []notice.Line
	expired           int
	windows           []int
	first             calendar.Date // service end of what needs an order, from the 1st on
}

func tallyOf(s notice.State) tally {
	t := tally{windows: make([]int, len(s.Windows))}
	for _, l := range s.Lines {
		switch {
		case l.AutoRenew:
			t.auto = append(t.auto, l)
			continue
		case l.Seen:
			t.seen = append(t.seen, l)
		default:
			t.fresh = append(t.fresh, l)
		}
		days := daysLeft(s, l)
		if days < 0 {
			t.expired++
			continue
		}
		if t.first.IsZero() || l.ServiceEnd < t.first {
			t.first = l.ServiceEnd
		}
		for i, w := range s.Windows {
			if w.FromDay <= days && days <= w.ToDay {
				t.windows[i]++
			}
		}
	}
	return t
}

func (t tally) needOrder() int { return len(t.fresh) + len(t.seen) }

// marks of the windows: fullness says urgency without colour.
var marks = []struct{ mark, tone string }{{"●", "red"}, {"◐", "amber"}, {"○", "green"}}

const (
	expiredMark = "■"
	expiredTone = "red"
)

func (t tally) figures(windows []notice.Window) []letters.Figure {
	all := []letters.Figure{{Mark: expiredMark, Tone: expiredTone, Count: t.expired, Label: expired}}
	for i, w := range windows {
		m := marks[min(i, len(marks)-1)]
		all = append(all, letters.Figure{Mark: m.mark, Tone: m.tone, Count: t.windows[i], Label: fmt.Sprintf("%d–%d days", w.FromDay, w.ToDay)})
	}
	return all
}

func title(s notice.State, t tally) string {
	if t.needOrder() == 0 {
		renew := "renews by itself"
		if len(t.auto) > 1 {
			renew = "renew by themselves"
		}
		return fmt.Sprintf("%s: %s %s in %d days", letters.Quoted(s.CustomerName), letters.Devices(len(t.auto)), renew, s.LookAhead)
	}
	return fmt.Sprintf("%s: %s due in %d days", letters.Quoted(s.CustomerName), letters.Devices(t.needOrder()), s.LookAhead)
}

func lead(s notice.State, t tally, hours int) string {
	counted := fmt.Sprintf("Counted on %s at %02d:00 UTC.", s.On, hours)
	switch {
	case t.needOrder() == 0:
		return "There is nothing to do. " + counted
	case t.first.IsZero():
		return "The services of all of them have expired. They need an order. " + counted
	case t.first == s.On:
		return fmt.Sprintf("The first services end on %s, today. They need an order now. %s", t.first, counted)
	}
	return fmt.Sprintf("The first services end on %s, %s. They need an order before that day. %s", t.first, inDays(int(t.first-s.On)), counted)
}

func inDays(n int) string {
	switch n {
	case 0:
		return "today"
	case 1:
		return "tomorrow"
	}
	return fmt.Sprintf("in %d days", n)
}

func deviceTable(s notice.State, caption string, lines []notice.Line) *letters.Table {
	t := &letters.Table{Caption: caption, Head: []letters.Head{
		{Label: "Device"}, {Label: "Serial number", Wide: true}, {Label: "Service end"}, {Label: "Days left", Right: true},
	}}
	for _, l := range lines {
		days := daysLeft(s, l)
		left := letters.Cell{Text: fmt.Sprint(days)}
		switch {
		case days < 0 && !l.AutoRenew:
			left = letters.Cell{Text: daysAgo(-days), Mark: expiredMark, Tone: expiredTone}
		case !l.AutoRenew:
			left.Mark, left.Tone = markOf(s, days)
		}
		t.Rows = append(t.Rows, []letters.Cell{
			{Text: l.Name, Below: l.Model, Strong: true}, {Text: l.SerialNumber, Code: true}, {Text: l.ServiceEnd.String()}, left,
		})
	}
	return t
}

func daysAgo(n int) string {
	if n == 1 {
		return "1 day ago"
	}
	return fmt.Sprintf("%d days ago", n)
}

func markOf(s notice.State, days int) (mark, tone string) {
	i := slices.IndexFunc(s.Windows, func(w notice.Window) bool { return w.FromDay <= days && days <= w.ToDay })
	if i < 0 {
		return "", ""
	}
	m := marks[min(i, len(marks)-1)]
	return m.mark, m.tone
}

// why tells a recipient why the mail came, who else has it, and what to do about it.
func (r *round) why(to notice.Recipient, s notice.State) []string {
	about := fmt.Sprintf("a partner of %s (UID %s)", letters.Quoted(s.CustomerName), s.Customer)
	if s.Customer == s.Reseller {
		about = "the account with these devices (UID " + s.Customer.String() + ")"
	}
	because := fmt.Sprintf("You get this because you are an administrator of %s, %s.", letters.Quoted(s.ResellerName), about)
	choice := "On the page Notices you choose one mail for all customers instead: " + r.options.PublicURL + "/notices"
	switch to.Role {
	case notice.ChannelContact:
		because, choice = fmt.Sprintf("You get this because you are a channel contact of %s, %s.", letters.Quoted(s.ResellerName), about), ""
	case notice.CustomerAdministrator:
		because = fmt.Sprintf("You get this because you are an administrator of %s and asked for it. %s gets it, too.", letters.Quoted(s.CustomerName), letters.Quoted(s.ResellerName))
		choice = "On the page Notices you end these mails: " + r.options.PublicURL + "/notices"
	}
	also := r.alsoSentTo(to, s)
	lines := []string{because + also + " " + r.once()}
	if choice != "" {
		lines = append(lines, choice)
	}
	return lines
}

// once says that and when the next comes.
func (r *round) once() string {
	return fmt.Sprintf("Sent once for %s; the next goes out on %s if something is due then.", monthName(r.On), r.On.AddMonths(1, 1))
}

// alsoSentTo names the others on the recipient's side.
func (r *round) alsoSentTo(to notice.Recipient, s notice.State) string {
	var names []string
	for _, other := range s.Recipients {
		if other.Person == to.Person || (other.Role == notice.CustomerAdministrator) != (to.Role == notice.CustomerAdministrator) {
			continue
		}
		p := r.Person(other.Person).Person
		if name := p.Name; name != "" && !p.IsGone() {
			names = append(names, letters.Quoted(name))
		} else if !p.IsGone() {
			names = append(names, p.Email)
		}
	}
	if len(names) == 0 {
		return ""
	}
	last := len(names) - 1
	if last == 0 {
		return " Also sent to " + names[0] + "."
	}
	return " Also sent to " + strings.Join(names[:last], ", ") + " and " + names[last] + "."
}

func monthName(on calendar.Date) string { return on.Time().Format("January 2006") }
