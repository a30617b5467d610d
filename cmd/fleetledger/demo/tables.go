package demo

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"github.com/fleetledger/fleetledger/api/client"
)

// The tables. Names and addresses are made up, domains are reserved examples,
// factors are from the test range.
var (
	// Customers are those of the first reseller.
	//go:embed customers.csv
	Customers string
	// Fleet is their devices.
	//go:embed fleet.csv
	Fleet string
	//go:embed people.csv
	people string
	//go:embed scenes.csv
	further string
)

// tables is what the demo is made of.
type tables struct {
	customers []customer
	people    []person
	fleet     []client.Registration            // account is the customer's name
	groups    map[string][]client.Registration // devices that the scripts name by group
}

// customer is an account of the first reseller's. since is when it was created;
// lastLogin, -1 for never, and every are of its first administrator.
type customer struct {
	name, email, administrator, profile string
	offers                              []client.Offer
	since, lastLogin, every             int
}

// person is a user besides the first administrators. role is administrator or
// profiles; state is what has become of the invitation or the user.
type person struct {
	account, name, email, role, state string
	since, lastLogin, every           int
}

func readTables() (t tables, err error) {
	t.groups = map[string][]client.Registration{}
	err = each(Customers, func(row record) {
		c := customer{
			name: row.text("NAME"), email: row.text("ADMIN_EMAIL"), administrator: row.text("ADMIN_NAME"), profile: row.text("PROFILE"),
			since: row.number("SINCE"), lastLogin: row.number("LAST_LOGIN"), every: row.number("EVERY"),
		}
		for offer := range strings.SplitSeq(row.text("OFFERS"), "|") {
			c.offers = append(c.offers, client.Offer(offer))
		}
		t.customers = append(t.customers, c)
	})
	if err != nil {
		return t, fmt.Errorf("customers.csv: %w", err)
	}
	err = each(people, func(row record) {
		t.people = append(t.people, person{
			account: row.text("ACCOUNT"), name: row.text("NAME"), email: row.text("EMAIL"), role: row.text("ROLE"), state: row.text("STATE"),
			since: row.number("SINCE"), lastLogin: row.number("LAST_LOGIN"), every: row.number("EVERY"),
		})
	})
	if err != nil {
		return t, fmt.Errorf("people.csv: %w", err)
	}
	if err = each(Fleet, func(row record) { t.fleet = append(t.fleet, row.device()) }); err != nil {
		return t, fmt.Errorf("fleet.csv: %w", err)
	}
	err = each(further, func(row record) {
		t.groups[row.text("GROUP")] = append(t.groups[row.text("GROUP")], row.device())
	})
	if err != nil {
		return t, fmt.Errorf("scenes.csv: %w", err)
	}
	return t, nil
}

// record is a row of a table, by the names of its columns.
type record map[string]string

func each(table string, do func(record)) error {
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		return err
	}
	for _, row := range rows[1:] {
		r := record{}
		for i, name := range rows[0] {
			r[name] = row[i]
		}
		do(r)
	}
	return nil
}

func (r record) text(column string) string { return r[column] }

// number is -1 where there is none.
func (r record) number(column string) int {
	n, err := strconv.Atoi(r[column])
	if err != nil {
		return -1
	}
	return n
}

func (r record) device() client.Registration {
	given := func(column string) *string {
		if r[column] == "" {
			return nil
		}
		return new(r[column])
	}
	d := client.Registration{
		Account: given("CUSTOMER"), Name: given("NAME"), SerialNumber: r["GATEWAY[SERIAL NUMBER]"], Model: given("TYPE"),
		Imei: given("GATEWAY[IMEI]"), Mac: given("GATEWAY[MAC ADDRESS]"), Esn: given("GATEWAY[ESN]"), Iccid: given("SUBSCRIPTION[ICCID]"),
	}
	if r["LABELS"] != "" {
		d.Labels = new(strings.Split(r["LABELS"], "|"))
	}
	return d
}
