package demo

import (
	"context"

	"github.com/fleetledger/fleetledger/api/client"
)

// administration is what people arrange for their accounts.
func (r *run) administration() []step {
	contact := func(day int, reseller, email, name string) step {
		return r.vendor(day, func(ctx context.Context, operator *client.Client) error {
			return failed(operator.AssignChannelContact(ctx, r.uid(reseller), nil, client.NewContact{Email: email, Name: &name}))
		})
	}
	return []step{
		contact(months-4, Reseller, "kim.sorensen@vendor.example", "Kim Sørensen"),
		contact(260, Reseller, "olivia.hart@vendor.example", "Olivia Hart"),
		contact(months-5, second, "matthias.kroll@vendor.example", "Matthias Kröll"),
		r.profile(250, "Meridian Grid", "Night service", "account.read", "customers.read", "partners.read", "devices.read", "devices.edit"),
		r.profile(151, "Café Montréal Transit", "Atelier", "devices.read", "devices.edit"),
		r.customer(140, "Delta Rail", func(ctx context.Context, by *client.Client) error {
			return failed(by.AddExternalAccount(ctx, r.uid("Delta Rail"), nil, client.NewExternalAccount{
				Kind: "subscription_management", Label: "Trackside SIMs", Endpoint: "https://sims.operator.example/v2", Secret: new("not-a-real-secret"),
			}))
		}),
		r.user(139, Administrator, func(ctx context.Context, by *client.Client) error {
			return failed(by.AddExternalAccount(ctx, r.uid(Reseller), nil, client.NewExternalAccount{
				Kind: "sms", Label: "Text messages to crews", Endpoint: "https://sms.gateway.example/send", Secret: new("not-a-real-secret"),
			}))
		}),
		r.customer(130, "Delta Rail", func(ctx context.Context, by *client.Client) error {
			return failed(by.EditAccount(ctx, r.uid("Delta Rail"), nil, client.AccountEdit{Billing: &client.BillingEdit{
				Mode: "direct", Contact: &client.Administrator{Email: "accounts@delta-rail.example", Name: new("Accounts Payable")},
			}}))
		}),
		r.customer(128, "Copper Telemetry", func(ctx context.Context, by *client.Client) error {
			return failed(by.EditAccount(ctx, r.uid("Copper Telemetry"), nil, client.AccountEdit{
				Name: new("Copper & Tin Telemetry"), Reason: new("merger"),
			}))
		}),
		r.customer(64, "Alder Ambulance", func(ctx context.Context, by *client.Client) error {
			return failed(by.SecureAccount(ctx, r.uid("Alder Ambulance"), nil, client.SecurityEdit{
				SessionMinutes: new(480), IdleMinutes: new(60), PasswordLength: new(14), Reason: new("audit finding 7"),
			}))
		}),
		r.customer(1, "Ridge County Police", func(ctx context.Context, by *client.Client) error {
			return failed(by.SecureAccount(ctx, r.uid("Ridge County Police"), nil, client.SecurityEdit{
				AddressRanges: new([]string{"127.0.0.0/8", "::1", "192.0.2.0/24"}),
			}))
		}),
		r.token(30, Administrator, client.NewToken{Label: "Nightly export", Profile: new("read-only"), ExpiresAt: r.until(90)}),
		r.token(29, dev, client.NewToken{Label: "Label printer", Rights: new([]string{"devices.read"}), ExpiresAt: r.until(30)}),
		r.token(16, r.administrator("Prairie Fire"), client.NewToken{Label: "Dispatch board", Rights: new([]string{"devices.read", "account.read"}), ExpiresAt: r.until(180)}),
		r.audit(220, "Otto Brandis", "otto.brandis@brandis-audit.example", -190, false, Reseller),
		r.audit(100, "Paula Reyes", "paula.reyes@reyes-partner.example", 100, true, "Delta Rail"),
		r.audit(40, "Vera Lindholm", "vera.lindholm@lindholm-audit.example", 60, false, Reseller, "Prairie Fire", "Ärzte-Fahrdienst"),
	}
}

// profile has a customer define a profile and give it to its reseller's users.
func (r *run) profile(day int, customer, name string, rights ...string) step {
	return r.customer(day, customer, func(ctx context.Context, by *client.Client) error {
		defined, err := by.DefineProfile(ctx, r.uid(customer), nil, client.NewProfile{Name: name, Rights: rights})
		if err != nil {
			return err
		}
		return failed(by.AssignPartnerProfile(ctx, r.uid(customer), r.uid(Reseller), nil,
			client.ProfileAssignment{Profile: new(defined.JSON201.Uid.String())}))
	})
}

func (r *run) token(day int, email string, token client.NewToken) step {
	return r.user(day, email, func(ctx context.Context, by *client.Client) error {
		return failed(by.CreateToken(ctx, nil, token))
	})
}

// audit lets an auditor read until so many days after the present.
func (r *run) audit(day int, name, email string, until int, revoked bool, accounts ...string) step {
	return r.vendor(day, func(ctx context.Context, operator *client.Client) error {
		grant := client.NewAuditGrant{
			Auditor: client.Auditor{Email: email, Name: &name}, ExpiresAt: r.until(until), Reason: new("yearly audit"),
		}
		for _, account := range accounts {
			grant.Accounts = append(grant.Accounts, r.uid(account))
		}
		granted, err := operator.GrantAudit(ctx, nil, grant)
		if err != nil {
			return err
		}
		r.filled.Auditor = granted.JSON201.Token
		if revoked {
			return failed(operator.RevokeAuditGrant(ctx, granted.JSON201.Id, nil, client.Reason{Reason: new("the engagement was cancelled")}))
		}
		return nil
	})
}
