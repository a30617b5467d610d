package api_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/client"
)

// explained is the explanation of a device by field.
func explained(t *testing.T, c *caller, id string, asOf *string) map[string]client.ExplainedField {
	t.Helper()
	fields := map[string]client.ExplainedField{}
	for _, f := range when(c.ExplainDevice(t.Context(), id, &client.ExplainDeviceParams{AsOf: asOf})).Then(t).JSON200.Fields {
		fields[f.Field] = f
	}
	return fields
}

// A device explains itself as it is shown: now, in the past, and on days to come.
func TestExplain(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	resellerUID, reseller := s.reseller("Northwind")
	alder := s.customerOf(reseller, "Alder")
	expect(t, "registered", reseller.registers(newDevice(1, resellerUID)), []string{"created"})
	then := s.clock.Now().Format(time.RFC3339Nano)
	s.clock.Advance(3 * 24 * time.Hour)
	when(s.TransferDevices(ctx, nil, client.TransferRequest{From: &resellerUID, To: &alder, Devices: &[]string{mp70(1)}, Reason: new("sold")})).Then(t)
	when(s.RenewDevices(ctx, nil, client.RenewalRequest{Devices: []string{mp70(1)}, Term: new("P1Y"), OrderNumber: new("PO-1")})).Then(t)
	reseller.After(s.Position())

	ahead := s.clock.Now().AddDate(3, 0, 0).Format(time.DateOnly)
	for _, asOf := range []*string{nil, &then, &ahead} {
		shown := when(reseller.GetDevice(ctx, mp70(1), &client.GetDeviceParams{AsOf: asOf})).Then(t).JSON200
		why := explained(t, reseller, shown.Uid.String(), asOf)
		for field, value := range map[string]*string{
			"name": &shown.Name, "serviceStart": shown.ServiceStart, "serviceEnd": shown.ServiceEnd, "serviceStatus": shown.ServiceStatus,
			"supportExpiry": shown.SupportExpiry, "warrantyEnd": shown.WarrantyEnd, "includedUntil": shown.IncludedUntil,
			"parkedUntil": shown.ParkedUntil, "orderNumber": shown.OrderNumber, "imei": shown.Imei,
		} {
			want := ""
			if value != nil {
				want = *value
			}
			require.Equal(t, want, why[field].Value, field)
			require.NotNil(t, why[field].Since, field)
			require.NotEmpty(t, why[field].Events, field)
		}
		require.Equal(t, shown.Account.Uid.String(), why["account"].Value)
	}

	why := explained(t, reseller, mp70(1), nil)
	end := why["serviceEnd"]
	require.Equal(t, "ServiceRenewed", *end.Event.Type)
	require.Contains(t, end.Rule.Text, "one year after the end before it")
	require.Contains(t, end.Rule.Inputs, client.RuleInput{Name: "orderNumber", Value: "PO-1"})
	require.Equal(t, "sold", why["account"].Event.Reason)
	require.Nil(t, why["account"].Rule)
	require.Equal(t, "expired", explained(t, reseller, mp70(1), &ahead)["serviceStatus"].Value)
	require.Contains(t, explained(t, reseller, mp70(1), &then)["serviceEnd"].Rule.Text, "a free term")

	// The customer sees the device, and of its time at the reseller's no more than its history shows.
	theirs := explained(t, s.signIn(alder, ""), mp70(1), nil)
	require.True(t, theirs["model"].Event.Redacted)
	require.Nil(t, theirs["model"].Event.Id)
	require.Contains(t, theirs["includedUntil"].Rule.Text, "one year from the first registration anywhere")
	for field, f := range theirs {
		require.NotContains(t, string(mustJSON(t, f)), resellerUID.String(), field)
	}
	when(s.signIn(alder, "").ExplainDevice(ctx, mp70(1), &client.ExplainDeviceParams{AsOf: &then})).Refused(t, 404, "not_found")
}

// What a reseller's device will be is explained by what will happen.
func TestExplainWhatIsToCome(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	resellerUID, reseller := s.reseller("Northwind")
	expect(t, "registered", reseller.registers(newDevice(1, resellerUID)), []string{"created"})
	day := s.clock.Now().AddDate(6, 0, 0).Format(time.DateOnly)
	end := explained(t, reseller, mp70(1), &day)["serviceEnd"]
	require.True(t, end.Event.ToCome)
	require.Nil(t, end.Event.Id)
	require.Contains(t, end.Rule.Text, "the free term renews by itself, 5 years after")
	require.Equal(t, s.clock.Now().AddDate(10, 0, 0).Format(time.DateOnly), end.Value)
}

func TestExplainRefusals(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	resellerUID, reseller := s.reseller("Northwind")
	before := s.clock.Now().Add(-time.Hour).Format(time.RFC3339)
	expect(t, "registered", reseller.registers(newDevice(1, resellerUID)), []string{"created"})
	_, stranger := s.reseller("Stranger")
	at := func(asOf string) *client.ExplainDeviceParams { return &client.ExplainDeviceParams{AsOf: &asOf} }
	when(stranger.ExplainDevice(ctx, mp70(1), nil)).Refused(t, 404, "not_found")
	when(reseller.ExplainDevice(ctx, mp70(2), nil)).Refused(t, 404, "not_found")
	when(reseller.ExplainDevice(ctx, uuid.NewString(), nil)).Refused(t, 404, "not_found")
	when(reseller.ExplainDevice(ctx, mp70(1), at(before))).Refused(t, 404, "not_found")
	when(reseller.ExplainDevice(ctx, mp70(1), at("2099-01-01"))).Refused(t, 400, "#/query/asOf forecast_too_far")
	when(reseller.ExplainDevice(ctx, mp70(1), at("yesterday"))).Refused(t, 400, "#/query/asOf instant_invalid")
	other := uuid.New()
	when(reseller.ExplainDevice(ctx, mp70(1), &client.ExplainDeviceParams{XAccount: &other})).Refused(t, 404, "not_found")
	fields := when(reseller.ExplainDevice(ctx, strings.ToLower(mp70(1)), nil)).Then(t).JSON200.Fields
	require.True(t, slices.ContainsFunc(fields, func(f client.ExplainedField) bool { return f.Field == "serviceEnd" }))
}
