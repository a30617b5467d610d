package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// administered is the account that a page of administration is about: the one named,
// else the reader's own.
func (v *visit) administered() (uuid.UUID, error) {
	if text := v.query.Get("account"); text != "" {
		uid, err := uuid.Parse(text)
		if err != nil {
			return uuid.Nil, errNoPage
		}
		return uid, nil
	}
	if v.me.Account == nil {
		return uuid.Nil, errNoPage
	}
	return *v.me.Account, nil
}

// administration is everything about an account but its devices, on one page.
func (d *Desk) administration(ctx context.Context, v *visit) error {
	return d.showAdministration(ctx, v, view.Administration{})
}

func (d *Desk) showAdministration(ctx context.Context, v *visit, page view.Administration) error {
	uid, err := v.administered()
	if err != nil {
		return err
	}
	at := v.asOfParam()
	found, err := v.fleet.GetAccount(ctx, uid, &client.GetAccountParams{AsOf: at})
	if err != nil {
		return err
	}
	page.Account, page.Tag = *found.JSON200, found.Header.Get("ETag")
	if page.Rights, err = v.rightsIn(ctx, uid); err != nil {
		return err
	}
	page.Frame = v.frame(errorTitle("Administration", page.Problem), "Administration")
	// What the reader may not see is left out, and its section says so.
	for _, read := range []func() error{
		func() error {
			a, err := v.fleet.ListUsers(ctx, uid, &client.ListUsersParams{AsOf: at, Limit: pointer(1000)})
			if err == nil {
				page.Users = a.JSON200.Items
			}
			return err
		},
		func() error {
			a, err := v.fleet.ListProfiles(ctx, uid, &client.ListProfilesParams{AsOf: at})
			if err == nil {
				page.Profiles = a.JSON200.Items
			}
			return err
		},
		func() error {
			a, err := v.fleet.ListPartners(ctx, uid, &client.ListPartnersParams{Limit: pointer(10), AsOf: at})
			if err == nil {
				page.Partners, page.PartnersTotal = a.JSON200.Items, a.JSON200.Total
			}
			return err
		},
		func() error {
			a, err := v.fleet.ListExternalAccounts(ctx, uid, &client.ListExternalAccountsParams{AsOf: at})
			if err == nil {
				page.External = a.JSON200.Items
			}
			return err
		},
		func() error {
			a, err := v.fleet.ListChannelContacts(ctx, uid, &client.ListChannelContactsParams{AsOf: at})
			if err == nil {
				page.Contacts = a.JSON200.Items
			}
			return err
		},
		func() error {
			a, err := v.fleet.ListAccountTokens(ctx, uid, nil)
			if err == nil {
				page.Tokens = a.JSON200.Items
			}
			return err
		},
		func() error {
			a, err := v.fleet.GetSecurity(ctx, uid, nil)
			if err == nil {
				page.Security = a.JSON200
			}
			return err
		},
	} {
		if err := read(); err != nil && problemOf(err) == nil {
			return err
		}
	}
	if page.Rights.Own {
		if page.Requests, err = v.partnershipRequests(ctx, view.PartnershipRequests{}); err != nil {
			return err
		}
	}
	return v.show(statusOf(page.Problem), view.AdministrationPage(page))
}

// administer carries out a form of the page.
func (d *Desk) administer(ctx context.Context, v *visit) error {
	uid, err := v.administered()
	if err != nil {
		return err
	}
	form := v.r.PostForm
	act, ok := administrativeActs[form.Get("do")]
	if !ok {
		return errNoPage
	}
	switch err := act(ctx, v, uid, form); {
	case err == nil:
		at := "/administration?done=saved"
		if v.me.Account == nil || *v.me.Account != uid {
			at += "&account=" + uid.String()
		}
		return v.to(at + "#" + form.Get("section"))
	case refusal(err) != nil:
		return d.showAdministration(ctx, v, view.Administration{Problem: refusal(err), Section: form.Get("section"), Typed: form})
	default:
		return err
	}
}

// act is one thing that a form of the page does to an account.
type act func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error

// administrativeActs are the things that the page's forms do, by the name of their
// button.
var administrativeActs = map[string]act{
	"rename": func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error {
		_, err := v.fleet.EditAccount(ctx, uid, &client.EditAccountParams{IfMatch: given(form.Get("revision"))},
			client.EditAccountJSONRequestBody{Name: given(form.Get("name"))}, v.once())
		return err
	},
	"secure": func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error {
		ranges := strings.Fields(strings.ReplaceAll(form.Get("addressRanges"), ",", " "))
		only, factor := form.Get("issuerOnly") == "yes", form.Get("secondFactor") == "yes"
		_, err := v.fleet.SecureAccount(ctx, uid, nil, client.SecureAccountJSONRequestBody{
			SessionMinutes: number(form.Get("sessionMinutes")), IdleMinutes: number(form.Get("idleMinutes")),
			PasswordLength: number(form.Get("passwordLength")), IssuerOnly: &only, SecondFactor: &factor, AddressRanges: &ranges,
		}, v.once())
		return err
	},
	"invite": func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error {
		profiles, administrator := form["profile"], form.Get("administrator") == "yes"
		body := client.InviteUserJSONRequestBody{Email: form.Get("email"), Name: given(form.Get("name")), Administrator: &administrator}
		if len(profiles) > 0 {
			body.Profiles = &profiles
		}
		_, err := v.fleet.InviteUser(ctx, uid, nil, body, v.once())
		return err
	},
	"editUser": func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error {
		profiles, administrator := slices.Clone(form["profile"]), form.Get("administrator") == "yes"
		if profiles == nil {
			profiles = []string{}
		}
		return ofUser(form, func(user uuid.UUID) error {
			_, err := v.fleet.EditUser(ctx, uid, user, nil, client.EditUserJSONRequestBody{Profiles: &profiles, Administrator: &administrator}, v.once())
			return err
		})
	},
	"resendUser": func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error {
		return ofUser(form, func(user uuid.UUID) error {
			_, err := v.fleet.ResendUserInvitation(ctx, uid, user, nil, client.ResendUserInvitationJSONRequestBody{}, v.once())
			return err
		})
	},
	"revokeUser": func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error {
		return ofUser(form, func(user uuid.UUID) error {
			_, err := v.fleet.RevokeUserInvitation(ctx, uid, user, nil, client.RevokeUserInvitationJSONRequestBody{}, v.once())
			return err
		})
	},
	"deactivate": func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error {
		return ofUser(form, func(user uuid.UUID) error {
			_, err := v.fleet.DeactivateUser(ctx, uid, user, nil, client.DeactivateUserJSONRequestBody{}, v.once())
			return err
		})
	},
	"resetFactors": func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error {
		return ofUser(form, func(user uuid.UUID) error {
			_, err := v.fleet.ResetFactors(ctx, uid, user, nil, client.ResetFactorsJSONRequestBody{}, v.once())
			return err
		})
	},
	"reactivate": func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error {
		return ofUser(form, func(user uuid.UUID) error {
			_, err := v.fleet.ReactivateUser(ctx, uid, user, nil, client.ReactivateUserJSONRequestBody{}, v.once())
			return err
		})
	},
	"defineProfile": func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error {
		_, err := v.fleet.DefineProfile(ctx, uid, nil, client.DefineProfileJSONRequestBody{Name: form.Get("name"), Rights: form["right"]}, v.once())
		return err
	},
	"removeProfile": func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error {
		_, err := v.fleet.RemoveProfile(ctx, uid, form.Get("profile"), nil, v.once())
		return err
	},
	"establish": func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error {
		partner, err := uuid.Parse(strings.TrimSpace(form.Get("partner")))
		if err != nil {
			return unreadable("partner_unknown", "#/partner", "Type the UID of the reseller's account; the reseller can tell it.")
		}
		_, err = v.fleet.EstablishPartnership(ctx, uid, nil, client.EstablishPartnershipJSONRequestBody{
			Partner: partner, Profile: given(form.Get("profile")), Until: endOf(form.Get("until")),
		}, v.once())
		return err
	},
	"assign": func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error {
		return ofPartner(form, func(partner uuid.UUID) error {
			_, err := v.fleet.AssignPartnerProfile(ctx, uid, partner, nil, client.AssignPartnerProfileJSONRequestBody{Profile: given(form.Get("profile"))}, v.once())
			return err
		})
	},
	"endPartner": func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error {
		return ofPartner(form, func(partner uuid.UUID) error {
			_, err := v.fleet.EndPartnership(ctx, uid, partner, nil, v.once())
			return err
		})
	},
	"addExternal": func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error {
		_, err := v.fleet.AddExternalAccount(ctx, uid, nil, client.AddExternalAccountJSONRequestBody{
			Kind: openapi.ExternalAccountKind(form.Get("kind")), Label: form.Get("label"), Endpoint: form.Get("endpoint"), Secret: given(form.Get("secret")),
		}, v.once())
		return err
	},
	"removeExternal": func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error {
		external, err := uuid.Parse(form.Get("external"))
		if err != nil {
			return errNoPage
		}
		_, err = v.fleet.RemoveExternalAccount(ctx, uid, external, nil, v.once())
		return err
	},
	"addContact": func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error {
		_, err := v.fleet.AssignChannelContact(ctx, uid, nil, client.AssignChannelContactJSONRequestBody{Email: form.Get("email"), Name: given(form.Get("name"))}, v.once())
		return err
	},
	"removeContact": func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error {
		contact, err := uuid.Parse(form.Get("contact"))
		if err != nil {
			return errNoPage
		}
		_, err = v.fleet.RemoveChannelContact(ctx, uid, contact, nil, v.once())
		return err
	},
	"revokeToken": func(ctx context.Context, v *visit, uid uuid.UUID, form url.Values) error {
		token, err := uuid.Parse(form.Get("token"))
		if err != nil {
			return errNoPage
		}
		_, err = v.fleet.RevokeAccountToken(ctx, uid, token, nil, v.once())
		return err
	},
}

func ofUser(form url.Values, do func(uuid.UUID) error) error {
	user, err := uuid.Parse(form.Get("user"))
	if err != nil {
		return errNoPage
	}
	return do(user)
}

func ofPartner(form url.Values, do func(uuid.UUID) error) error {
	partner, err := uuid.Parse(form.Get("partner"))
	if err != nil {
		return errNoPage
	}
	return do(partner)
}

// unreadable is a refusal of what was typed before it could be sent.
func unreadable(code, pointer, detail string) error {
	p := &client.Problem{}
	p.Status, p.Code, p.Detail = http.StatusUnprocessableEntity, code, detail
	p.Errors = &[]openapi.ProblemError{{Code: code, Detail: detail, Pointer: &pointer}}
	return p
}

// number reads a number that may be left out; what is none is sent as one that the
// interface refuses.
func number(text string) *int {
	if text = strings.TrimSpace(text); text == "" {
		return pointer(0)
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return pointer(-1)
	}
	return &n
}

// endOf is the end of a day that may be left out, as an instant in whole seconds.
func endOf(text string) *time.Time {
	day, err := calendar.Parse(text)
	if err != nil {
		return nil
	}
	return pointer(day.AddDays(1).Time())
}
