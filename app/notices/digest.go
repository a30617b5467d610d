package notices

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/letters"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/notice"
)

// digestMail is the one mail about all customers, for a person who wants it so.
func (r *round) digestMail(id uuid.UUID, who notice.Named, all []notice.State) (ports.Mail, error) {
	file, err := CSV(r.Reseller, r.On, all...)
	if err != nil {
		return ports.Mail{}, err
	}
	to := notice.Recipient{Person: who.Person.ID, Role: who.Role, Mail: id, Digest: true}
	windows := all[0].Windows
	t := &letters.Table{Caption: "Customers with devices that are due", Head: []letters.Head{
		{Label: "Customer"}, {Label: "Expired", Right: true},
	}}
	for _, w := range windows {
		t.Head = append(t.Head, letters.Head{Label: fmt.Sprintf("%d–%d days", w.FromDay, w.ToDay), Right: true, Wide: true})
	}
	t.Head = append(t.Head, letters.Head{Label: "By themselves", Right: true, Wide: true}, letters.Head{Label: "First end", Right: true})
	sum := tally{windows: make([]int, len(windows))}
	due := 0
	for _, s := range all {
		c := tallyOf(s)
		first := "none"
		if !c.first.IsZero() {
			first = c.first.String()
			if sum.first.IsZero() || c.first < sum.first {
				sum.first = c.first
			}
		}
		below := ""
		if len(c.fresh) == 0 && len(c.seen) > 0 {
			below = "all acknowledged before"
		}
		row := []letters.Cell{{Text: s.CustomerName, Below: below, Strong: true}, {Text: fmt.Sprint(c.expired)}}
		for i, n := range c.windows {
			row = append(row, letters.Cell{Text: fmt.Sprint(n)})
			sum.windows[i] += n
		}
		t.Rows = append(t.Rows, append(row, letters.Cell{Text: fmt.Sprint(len(c.auto))}, letters.Cell{Text: first}))
		sum.expired += c.expired
		due += c.needOrder()
	}
	customers := fmt.Sprintf("%d customers", len(all))
	if len(all) == 1 {
		customers = "1 customer"
	}
	l := letters.Letter{
		Kicker: "Fleetledger, renewals for " + monthName(r.On),
		Title:  fmt.Sprintf("%s: %s due in %d days", customers, letters.Devices(due), all[0].LookAhead),
	}
	text := fmt.Sprintf("Counted on %s at %02d:00 UTC.", r.On, r.options.Hours)
	if !sum.first.IsZero() {
		text = fmt.Sprintf("The first services end on %s, %s. %s", sum.first, inDays(int(sum.first-r.On)), text)
	}
	l.Preview = text
	l.Blocks = []letters.Block{
		{Text: text}, {Figures: sum.figures(windows)}, {Table: t},
		{Note: "The whole list of devices is attached: " + file.Name + "."},
	}
	r.links(&l, to, "/notices?month="+notice.Month(r.On), "Look at the notices", all[0])
	l.Other = letters.Link{}
	l.Why = []string{
		fmt.Sprintf("You get this because you are an administrator of %s and chose one mail for all customers. %s", letters.Quoted(all[0].ResellerName), r.once()),
		"On the page Notices you choose a mail for each customer instead: " + r.options.PublicURL + "/notices",
	}
	return r.mail(id, to, l, fmt.Sprintf("%s: %s due by %s", customers, letters.Devices(due), r.On.AddDays(all[0].LookAhead)), file)
}
