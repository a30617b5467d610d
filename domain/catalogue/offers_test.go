package catalogue_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fleetledger/fleetledger/domain/catalogue"
)

func TestOffersOrAll(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ asked, want []catalogue.Offer }{
		{nil, catalogue.Offers},
		{[]catalogue.Offer{}, catalogue.Offers},
		{[]catalogue.Offer{catalogue.Premium, catalogue.Basic, catalogue.Premium}, []catalogue.Offer{catalogue.Premium, catalogue.Basic}},
	} {
		got, problems := catalogue.OffersOrAll(c.asked)
		if diff := cmp.Diff(c.want, got); diff != "" || problems != nil {
			t.Errorf("%v: %s %v", c.asked, diff, problems)
		}
	}
	got, problems := catalogue.OffersOrAll([]catalogue.Offer{catalogue.Basic, "gold"})
	if got != nil || len(problems) != 1 || problems[0].Code != catalogue.CodeOfferInvalid {
		t.Errorf("%v %v", got, problems)
	}
	all, _ := catalogue.OffersOrAll(nil)
	if all[0] = "gold"; catalogue.Offers[0] != catalogue.Basic {
		t.Error("the list of all offers can be changed from outside")
	}
}
