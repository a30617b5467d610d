package web

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// notices lists the monthly notices: did everybody get theirs, and if not, why?
func (d *Desk) notices(ctx context.Context, v *visit) error {
	page := view.Notices{Frame: v.frame("Notices", "Notices"), From: v.from()}
	params := &client.ListNoticesParams{
		Month: either[string](v.query, "month"), State: either[openapi.NoticeState](v.query, "state"),
		Cursor: given(v.query.Get("cursor")), Limit: pointer(rows),
	}
	if uid, err := uuid.Parse(v.query.Get("account")); err == nil {
		params.Account = &[]uuid.UUID{uid}
	}
	if seen := v.query.Get("seen"); seen != "" {
		params.Seen = pointer(seen == "true")
	}
	answer, err := v.fleet.ListNotices(ctx, params)
	if err != nil {
		return err
	}
	page.List = *answer.JSON200
	if v.me.Kind == "user" {
		choice, err := v.fleet.GetNoticeChoice(ctx, nil)
		if err != nil && refusal(err) == nil {
			return err
		}
		if err == nil {
			page.Choice = choice.JSON200
		}
	}
	return v.show(http.StatusOK, view.NoticesPage(page))
}

// chooseNotices keeps how the reader wants notices.
func (d *Desk) chooseNotices(ctx context.Context, v *visit) error {
	_, err := v.fleet.ChooseNotices(ctx, nil, client.ChooseNoticesJSONRequestBody{Delivery: openapi.NoticeDelivery(v.r.PostFormValue("delivery"))}, v.once())
	if err != nil {
		return err
	}
	return v.to("/notices?done=saved")
}

// notice is one notice with its recipients and devices.
func (d *Desk) notice(ctx context.Context, v *visit) error {
	id, err := uuid.Parse(v.r.PathValue("id"))
	if err != nil {
		return errNoPage
	}
	found, err := v.fleet.GetNotice(ctx, id, &client.GetNoticeParams{Limit: pointer(1000)})
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, view.NoticePage(view.Notice{Frame: v.frame("Notice", "Notices"), Found: *found.JSON200}))
}

// acknowledgeNotice takes note of the devices of a notice.
func (d *Desk) acknowledgeNotice(ctx context.Context, v *visit) error {
	id, err := uuid.Parse(v.r.PathValue("id"))
	if err != nil {
		return errNoPage
	}
	if _, err := v.fleet.AcknowledgeNotice(ctx, id, nil, client.AcknowledgeNoticeJSONRequestBody{}, v.once()); err != nil {
		return err
	}
	return v.to("/notices/" + id.String() + "?done=saved")
}

// noticeCSV is the file that was mailed with a notice.
func (d *Desk) noticeCSV(ctx context.Context, v *visit) error {
	id, err := uuid.Parse(v.r.PathValue("id"))
	if err != nil {
		return errNoPage
	}
	return v.download(func() (*http.Response, error) {
		return v.fleet.Raw.GetNotice(ctx, id, nil, asCSV)
	})
}

// outbox lists the mails that are kept where there is no mail server.
func (d *Desk) outbox(ctx context.Context, v *visit) error {
	answer, err := v.fleet.ListOutbox(ctx, &client.ListOutboxParams{Cursor: given(v.query.Get("cursor")), Limit: pointer(rows)})
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, view.OutboxPage(view.Outbox{Frame: v.frame("Outbox", "Outbox"), List: *answer.JSON200, From: v.from()}))
}

// outboxMail shows one of them as it would arrive.
func (d *Desk) outboxMail(ctx context.Context, v *visit) error {
	mail, err := v.mail(ctx)
	if err != nil {
		return err
	}
	v.secretLink() // its text has links that carry tokens
	return v.show(http.StatusOK, view.OutboxMailPage(view.OutboxMail{Frame: v.frame(mail.Subject, "Outbox"), Mail: *mail}))
}

// mailPolicy lets the HTML part of a mail have its own style, and nothing else: no
// script, no form, nothing of this desk.
const mailPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// outboxHTML is the HTML part of a mail, as a mail client shows it.
func (d *Desk) outboxHTML(ctx context.Context, v *visit) error {
	mail, err := v.mail(ctx)
	if err != nil {
		return err
	}
	if mail.Html == nil {
		return errNoPage
	}
	v.secretLink()
	v.w.Header().Set("Content-Security-Policy", mailPolicy)
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = v.w.Write([]byte(*mail.Html)) // the reader may be gone
	return nil
}

func (v *visit) mail(ctx context.Context) (*openapi.OutboxMail, error) {
	id, err := uuid.Parse(v.r.PathValue("id"))
	if err != nil {
		return nil, errNoPage
	}
	found, err := v.fleet.GetOutboxMail(ctx, id, nil)
	if err != nil {
		return nil, err
	}
	return found.JSON200, nil
}
