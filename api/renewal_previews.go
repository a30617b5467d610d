package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/domain"
)

func (h handlers) PreviewRenewals(ctx context.Context, r openapi.PreviewRenewalsRequestObject) (openapi.PreviewRenewalsResponseObject, error) {
	var in reading
	c := in.renewal(ctx, r.Body)
	if len(c.Devices) > maxAtOnce {
		in.wrong("/devices", codeTooManyItems, "A preview has at most 1000 devices; a renewal with dryRun=true takes more.")
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	previews, err := h.App.Renewals.Preview(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	count := func(o domain.Outcome) (n int) {
		for _, p := range previews {
			if p.Outcome == o {
				n++
			}
		}
		return n
	}
	return openapi.PreviewRenewals200JSONResponse{
		Summary: summary(len(previews), domain.OutcomeRenewed, count), Results: list(previews, h.renewalPreview),
	}, nil
}

func (s *Server) renewalPreview(p renewals.Preview) openapi.RenewalPreviewItem {
	item := s.itemResult(command.ItemResult{
		Index: p.Index, Name: p.Name, Outcome: p.Outcome, Problems: p.Problems, Device: p.Device, Revision: p.Revision,
	})
	return openapi.RenewalPreviewItem{
		Index: item.Index, Uid: item.Uid, SerialNumber: item.SerialNumber, Device: item.Device, Outcome: item.Outcome,
		CurrentEnd: present(p.CurrentEnd.String()), NewEnd: present(p.NewEnd.String()), DaysGained: p.DaysGained, Offer: present(string(p.Offer)), Parked: p.Parked,
		Problems: item.Problems,
	}
}
