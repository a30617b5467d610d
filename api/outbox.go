package api

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/text"
)

var outboxSorts = []string{"at", "to", "subject"}

func (h handlers) ListOutbox(ctx context.Context, r openapi.ListOutboxRequestObject) (openapi.ListOutboxResponseObject, error) {
	var in reading
	reached := in.minPosition(r.Params.MinPosition)
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, outboxSorts)
	if err := in.err(); err != nil {
		return nil, err
	}
	mails, err := h.App.Notices.Outbox(ctx, callOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	mails = slices.DeleteFunc(mails, func(m ports.Mail) bool {
		return r.Params.To != nil && !slices.ContainsFunc(*r.Params.To, func(to string) bool { return strings.EqualFold(m.To, to) }) ||
			r.Params.Search != nil && !strings.Contains(text.Key(m.Subject+"\n"+m.To), text.Key(*r.Params.Search))
	})
	found, err := paged(mails, page, orders[ports.Mail]{
		"at":      func(a, b ports.Mail) int { return a.At.Compare(b.At) },
		"to":      func(a, b ports.Mail) int { return cmp.Compare(a.To, b.To) },
		"subject": byName(func(m ports.Mail) string { return m.Subject }),
	})
	if err != nil {
		return nil, err
	}
	return openapi.ListOutbox200JSONResponse{
		Body: openapi.OutboxList{
			Items: list(found.Items, func(m ports.Mail) openapi.OutboxEntry {
				return openapi.OutboxEntry{Id: m.ID, To: m.To, Subject: m.Subject, At: m.At, LeftOut: present(m.LeftOut)}
			}),
			NextCursor: present(found.NextCursor), Total: found.Total,
		},
		Headers: openapi.ListOutbox200ResponseHeaders{XPosition: reached.String()},
	}, nil
}

func (h handlers) GetOutboxMail(ctx context.Context, r openapi.GetOutboxMailRequestObject) (openapi.GetOutboxMailResponseObject, error) {
	var in reading
	reached := in.minPosition(r.Params.MinPosition)
	if err := in.err(); err != nil {
		return nil, err
	}
	m, err := h.App.Notices.OutboxMail(ctx, callOf(ctx).caller, r.Id)
	if err != nil {
		return nil, err
	}
	return openapi.GetOutboxMail200JSONResponse{
		Body: openapi.OutboxMail{
			Id: m.ID, To: m.To, Subject: m.Subject, At: m.At, LeftOut: present(m.LeftOut), Text: m.Body, Html: present(m.HTML), Unsubscribe: present(m.Unsubscribe),
			Attachments: list(m.Attachments, func(a ports.Attachment) openapi.Attachment {
				return openapi.Attachment{Name: a.Name, Type: a.Type, Size: len(a.Data), Content: a.Data}
			}),
		},
		Headers: openapi.GetOutboxMail200ResponseHeaders{XPosition: reached.String()},
	}, nil
}
