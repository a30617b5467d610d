package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fleetledger/fleetledger/api/client"
)

// definition is a model that the file does not have.
func definition(change ...func(*client.ModelDefinition)) client.ModelDefinition {
	d := client.ModelDefinition{
		SerialPattern: "^ZX[0-9]{14}$", Offers: []client.Offer{"complete", "basic"}, DefaultOffer: "basic", IncludedMonths: 24,
	}
	for _, c := range change {
		c(&d)
	}
	return d
}

// The operator brings a model in, and the next request registers devices of it;
// revises and withdraws it, and past catalogues stay what they were.
func TestOperatorEditsTheCatalogue(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, reseller := s.reseller("Northwind")
	registered := func(n int) []string {
		t.Helper()
		return reseller.registers(client.Registration{SerialNumber: fmt.Sprintf("ZX%014d", n), Imei: new(imei(n))})
	}
	expect(t, "before", registered(1), []string{"refused model_unknown"})
	when(reseller.GetModel(ctx, "ZX90", nil)).Refused(t, 404, "not_found")
	before := when(reseller.GetModel(ctx, "RV50", nil)).Then(t).Header.Get("ETag") // the catalogue's

	dry := when(s.PutModel(ctx, "zx90", &client.PutModelParams{DryRun: new(true)}, definition())).Then(t)
	expect(t, "dry run", dry.JSON200.Model, "ZX90")
	expect(t, "tag of a dry run", dry.Header.Get("ETag"), "")
	when(reseller.GetModel(ctx, "ZX90", nil)).Refused(t, 404, "not_found")

	once := &client.PutModelParams{IdempotencyKey: new("zx90"), IfMatch: new(before)}
	put := when(s.PutModel(ctx, "zx90", once, definition())).Then(t)
	expect(t, "put", string(put.Body), string(dry.Body))
	again := when(s.PutModel(ctx, "zx90", once, definition())).Then(t)
	expect(t, "replayed", again.Header.Get("Idempotent-Replayed"), "true")
	got := when(reseller.GetModel(ctx, "zx90", nil)).Then(t)
	expect(t, "got", string(got.Body), string(put.Body))
	expect(t, "tag", got.Header.Get("ETag"), put.Header.Get("ETag"))
	expect(t, "registered", registered(1), []string{"created"})
	position := put.Header.Get("X-Position")
	when(reseller.ListDevices(ctx, &client.ListDevicesParams{MinPosition: &position})).Then(t)

	noted := s.clock.Now().Format(time.RFC3339Nano)
	s.clock.Advance(time.Hour)
	longer := definition(func(d *client.ModelDefinition) { d.IncludedMonths, d.Reason = 36, new("three years now") })
	when(s.PutModel(ctx, "ZX90", &client.PutModelParams{IfMatch: new(before)}, longer)).Refused(t, 412, "revision_mismatch")
	when(s.PutModel(ctx, "ZX90", &client.PutModelParams{IfMatch: new(put.Header.Get("ETag"))}, longer)).Then(t)
	when(s.WithdrawModel(ctx, "ZX90", &client.WithdrawModelParams{DryRun: new(true)})).Then(t)
	expect(t, "after a dry withdrawal", registered(2), []string{"created"})
	withdrawn := when(s.WithdrawModel(ctx, "ZX90", &client.WithdrawModelParams{Reason: new("sold out")})).Then(t)
	if w := withdrawn.JSON200; w.Withdrawn == nil || !*w.Withdrawn || w.IncludedMonths != 36 {
		t.Errorf("withdrawn: %s", withdrawn.Body)
	}
	expect(t, "withdrawn", registered(3), []string{"refused model_unknown"})
	expect(t, "devices there are", registered(1), []string{"refused model_unknown"})

	listed := func(asOf *string) (found string) {
		t.Helper()
		all := when(reseller.GetCatalogue(ctx, &client.GetCatalogueParams{AsOf: asOf})).Then(t).JSON200
		for _, m := range all.Models {
			if m.Model == "ZX90" {
				text, err := json.Marshal(m)
				must(t, err)
				found = string(text)
			}
		}
		return found
	}
	expect(t, "now", listed(nil), strings.TrimSpace(string(withdrawn.Body)))
	expect(t, "then", listed(&noted), strings.TrimSpace(string(put.Body)))
	expect(t, "a year ago", listed(new("2025-03-15T12:00:00Z")), "")
	when(reseller.GetModel(ctx, "ZX90", &client.GetModelParams{AsOf: new("2025-03-15T12:00:00Z")})).Refused(t, 404, "not_found")
	when(reseller.GetCatalogue(ctx, &client.GetCatalogueParams{AsOf: new("tomorrow")})).Refused(t, 400, "#/query/asOf instant_invalid")
}

func TestEditsOfTheCatalogueRefused(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, reseller := s.reseller("Northwind")
	when(reseller.PutModel(ctx, "ZX90", nil, definition())).Refused(t, 403, "forbidden")
	when(reseller.WithdrawModel(ctx, "RV50", nil)).Refused(t, 403, "forbidden")
	when(s.WithdrawModel(ctx, "ZX90", nil)).Refused(t, 404, "model_unknown")
	when(s.PutModel(ctx, "-zx", nil, definition(func(d *client.ModelDefinition) {
		d.SerialPattern, d.DefaultOffer, d.IncludedMonths = "ZX[0-9]", "premium", 0
	}))).Refused(t, 422, "#/path/model model_name_invalid", "/serialPattern serial_pattern_invalid", "/defaultOffer default_offer_invalid", "/includedMonths included_months_invalid")
	when(s.PutModel(ctx, "ZX90", nil, definition(func(d *client.ModelDefinition) { d.SerialPattern = "^L[BC][0-9]{14}$" }))).
		Refused(t, 409, "/serialPattern serial_pattern_overlaps", "/serialPattern serial_pattern_overlaps")
	when(s.PutModel(ctx, "ZX90", nil, definition(func(d *client.ModelDefinition) { d.Offers = []client.Offer{"gold"} }))).
		Refused(t, 400, "/offers/0 invalid_value")
	when(s.PutModel(ctx, "ZX90", &client.PutModelParams{IfMatch: new("1")}, definition())).Refused(t, 400, "#/header/If-Match if_match_invalid")
}
