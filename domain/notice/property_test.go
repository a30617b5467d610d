package notice_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/notice"
)

// Whoever is in a round, in whatever roles and spellings: on each customer every
// address gets one mail, nobody is left out, mails are told apart by notice and
// person, and a customer's own people are told of that customer alone.
func TestWhoGetsWhat(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		customers := []uuid.UUID{{21}, {22}, {23}}
		people := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) notice.Named {
			n := rapid.IntRange(1, 5).Draw(t, "address")
			named := notice.Named{
				Person: account.Person{ID: uuid.UUID{byte(n), rapid.ByteRange(0, 1).Draw(t, "person")}, Email: fmt.Sprintf("p%d@x.example", n)},
				Role:   rapid.SampledFrom([]notice.Role{notice.Administrator, notice.ChannelContact, notice.CustomerAdministrator}).Draw(t, "role"),
				Digest: rapid.Bool().Draw(t, "digest"),
			}
			if rapid.Bool().Draw(t, "shouts") {
				named.Person.Email = strings.ToUpper(named.Person.Email)
			}
			if named.Role == notice.CustomerAdministrator {
				named.Customer, named.Digest = rapid.SampledFrom(customers).Draw(t, "customer"), false
			}
			return named
		}), 0, 12).Draw(t, "people")
		// The reseller's own come first.
		slices.SortStableFunc(people, func(a, b notice.Named) int {
			return strings.Compare(a.Customer.String(), b.Customer.String())
		})
		r := notice.RoundAggregate.Fold(notice.Round{}, domaintest.Allowed(notice.DecideBegin(notice.Round{}, notice.Begin{
			Round: round, Reseller: reseller, On: first, People: people,
		}))...)
		mails := map[uuid.UUID]string{}
		for _, c := range customers {
			got := map[string]int{}
			for _, to := range r.Recipients(c) {
				i := slices.IndexFunc(r.People, func(n notice.Named) bool {
					return n.Person.ID == to.Person && n.Role == to.Role && (n.Customer == uuid.Nil || n.Customer == c)
				})
				address := strings.ToLower(r.People[i].Person.Email)
				got[address]++
				about := address + c.String()
				if to.Digest {
					about = address
				}
				if known, again := mails[to.Mail]; again && known != about {
					t.Fatalf("one mail for %s and %s", known, about)
				}
				mails[to.Mail] = about
			}
			for address, n := range got {
				if n != 1 {
					t.Fatalf("%s gets %d mails on %s", address, n, c)
				}
			}
			for _, n := range people {
				if (n.Customer == uuid.Nil || n.Customer == c) && got[strings.ToLower(n.Person.Email)] == 0 {
					t.Fatalf("%s gets nothing on %s", n.Person.Email, c)
				}
			}
			if len(got) > len(people) {
				t.Fatal("somebody else gets it")
			}
		}
	})
}
