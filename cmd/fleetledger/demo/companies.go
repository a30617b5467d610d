package demo

import (
	"context"
	"encoding/json"

	"github.com/fleetledger/fleetledger/api/client"
)

// partners is the second reseller's business, the customers that it shares with
// the first, and what becomes of the partnerships.
func (r *run) partners() []step {
	const doctors, town, buses = "Ärzte-Fahrdienst", "Stadtwerke Göttersbach", "Øresund Busser"
	ferry, harbour := "Fjordlinie Flensburg", "Hafenlogistik Kiel-Süd"
	partner := func(day int, customer string, terms client.NewPartner) step {
		return r.customer(day, customer, func(ctx context.Context, by *client.Client) error {
			terms.Partner = r.uid(second)
			return failed(by.EstablishPartnership(ctx, r.uid(customer), nil, terms))
		})
	}
	registers := func(day int, account, group string) step {
		return r.user(day, birte, func(ctx context.Context, by *client.Client) error { return r.register(ctx, by, account, group) })
	}
	opens := func(day int, name string, offers ...client.Offer) []step {
		p := r.first(name)
		return []step{
			r.user(day, birte, func(ctx context.Context, by *client.Client) error {
				return r.openCustomer(ctx, by, name, p.email, p.name, offers)
			}),
			{day - 1, func(ctx context.Context) error { return r.join(ctx, name) }},
		}
	}
	return append(append([]step{
		registers(390, ferry, "fjord"),
		registers(210, second, "nordlicht"),
		partner(220, doctors, client.NewPartner{Profile: new("device-manager"), Reason: new("northern district")}),
		registers(215, doctors, "shared"),
		partner(200, town, client.NewPartner{Profile: new("renewals")}),
		partner(180, buses, client.NewPartner{Profile: new("read-only")}),
		r.customer(75, buses, func(ctx context.Context, by *client.Client) error {
			return failed(by.EndPartnership(ctx, r.uid(buses), r.uid(second), &client.EndPartnershipParams{Reason: new("the trial is over")}))
		}),
		r.customer(26, town, func(ctx context.Context, by *client.Client) error {
			until, _ := json.Marshal(r.until(21))
			return failed(by.AssignPartnerProfile(ctx, r.uid(town), r.uid(second), nil, client.ProfileAssignment{Until: until, Reason: new("contract not renewed")}))
		}),
	}, opens(405, ferry)...), opens(300, harbour, "complete")...)
}

// companies is what else can become of an account.
func (r *run) companies() []step {
	opens := func(day int, name, email, administrator string) step {
		return r.reseller(day, func(ctx context.Context, desk *client.Client) error {
			return r.openCustomer(ctx, desk, name, email, administrator, nil)
		})
	}
	joins := func(day int, name string, invitation int, administrator string) step {
		return step{day, func(ctx context.Context) error {
			return r.accept(ctx, r.Tokens.Invitation(r.uid(name), invitation), administrator)
		}}
	}
	registers := func(day int, account, group string) step {
		return r.reseller(day, func(ctx context.Context, desk *client.Client) error { return r.register(ctx, desk, account, group) })
	}
	const pending, expired, withdrawn = "Vallée Verte Aménagement", "Hollow Creek Mining", "Tidewater Tours"
	const corrected, late, closed, reopened = "Nightingale Couriers", "Polar Line Freight", "Granite State Rentals", "Cedar Hill Schools"
	return []step{
		opens(340, closed, "gordon.pike@granite-rentals.example", "Gordon Pike"),
		joins(339, closed, 1, "Gordon Pike"),
		registers(335, closed, "closed"),
		r.vendor(58, func(ctx context.Context, operator *client.Client) error {
			return failed(operator.CloseAccount(ctx, r.uid(closed), nil, client.Closing{Confirm: new(true), Reason: new("insolvency")}))
		}),
		opens(280, reopened, "office@cedar-hill-schools.example", "Linda Farrow"),
		joins(276, reopened, 1, "Linda Farrow"),
		r.vendor(100, func(ctx context.Context, operator *client.Client) error {
			return failed(operator.CloseAccount(ctx, r.uid(reopened), nil, client.Closing{Reason: new("closed by mistake for another school")}))
		}),
		r.vendor(99, func(ctx context.Context, operator *client.Client) error {
			return failed(operator.ReopenAccount(ctx, r.uid(reopened), nil, client.Reopening{Reason: new("it was another school")}))
		}),
		r.user(98, "office@cedar-hill-schools.example", func(ctx context.Context, by *client.Client) error {
			return failed(by.EstablishPartnership(ctx, r.uid(reopened), nil, client.NewPartner{Partner: r.uid(Reseller)}))
		}),
		opens(150, late, "aino.virtanen@polar-line.example", "Aino Virtanen"),
		r.reseller(120, func(ctx context.Context, desk *client.Client) error {
			return failed(desk.ResendInvitation(ctx, r.uid(late), nil, client.Reason{Reason: new("she was away")}))
		}),
		joins(118, late, 2, "Aino Virtanen"),
		opens(33, expired, "manager@hollow-creek.example", "Burt Langley"),
		opens(24, withdrawn, "hello@tidewater-tours.example", "Cleo Marsh"),
		r.reseller(22, func(ctx context.Context, desk *client.Client) error {
			return failed(desk.WithdrawPendingAccount(ctx, r.uid(withdrawn), nil, client.Closing{Reason: new("chose another partner")}))
		}),
		opens(12, corrected, "tess.moran@nightingale-courier.example", "Tess Moran"),
		r.reseller(11, func(ctx context.Context, desk *client.Client) error {
			return failed(desk.CorrectAdministratorEmail(ctx, r.uid(corrected), nil,
				client.EmailCorrection{Email: "tess.moran@nightingale-couriers.example", Reason: new("misspelt")}))
		}),
		joins(10, corrected, 2, "Tess Moran"),
		opens(3, pending, "anouk.berger@vallee-verte.example", "Anouk Berger"),
		registers(2, pending, "pending"),
		r.vendor(2, func(ctx context.Context, operator *client.Client) error {
			member, err := operator.InviteUser(ctx, r.uid(pending), nil, client.NewUser{
				Email: "atelier@vallee-verte.example", Name: new("Atelier"), Profiles: new([]string{"device-manager"}),
			})
			if err == nil {
				r.users["atelier@vallee-verte.example"] = member.JSON201.Uid
			}
			return err
		}),
		{1, func(ctx context.Context) error {
			return r.accept(ctx, r.Tokens.UserInvitation(r.users["atelier@vallee-verte.example"], 1), "Atelier")
		}},
		r.user(1, "atelier@vallee-verte.example", func(context.Context, *client.Client) error { return nil }),
	}
}
