package api

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/operations"
	"github.com/fleetledger/fleetledger/domain"
)

// Sizes of bulk requests, in items.
const (
	maxAtOnce = 1000    // more become an operation
	maxItems  = 100_000 // more are refused
)

// asOperation reports whether a bulk request is carried out in the background.
func asOperation(items int, prefer *openapi.Prefer) bool {
	if items > maxAtOnce {
		return true
	}
	for preference := range strings.SplitSeq(valueOf(prefer), ",") {
		name, _, _ := strings.Cut(preference, ";")
		if strings.EqualFold(strings.TrimSpace(name), "respond-async") {
			return true
		}
	}
	return false
}

// submit makes an operation of a bulk request.
func (h handlers) submit(ctx context.Context, s operations.Submission) (openapi.AcceptedJSONResponse, error) {
	o, err := h.App.Operations.Submit(ctx, callOf(ctx).caller, s)
	if err != nil {
		return openapi.AcceptedJSONResponse{}, err
	}
	return openapi.AcceptedJSONResponse{
		Body:    operationState(o),
		Headers: openapi.AcceptedResponseHeaders{Location: "/v1/operations/" + o.ID.String(), XPosition: o.Position.String()},
	}, nil
}

func (s *Server) bulkResult(r command.BulkResult, done domain.Outcome, dryRun bool) openapi.BulkResult {
	b := openapi.BulkResult{
		DryRun:  dryRun,
		Summary: summary(len(r.Results), done, r.Count),
		Results: list(r.Results, s.itemResult),
	}
	if done != domain.OutcomeCreated && r.ID != uuid.Nil {
		b.Id = &r.ID
	}
	return b
}

func (s *Server) itemResult(r command.ItemResult) openapi.ItemResult {
	wire := openapi.ItemResult{
		Index: r.Index, Ref: present(r.Ref), Outcome: openapi.Outcome(r.Outcome),
		Problems: list(r.Problems, itemProblem),
	}
	switch {
	case r.Device != nil && r.Device.Exists():
		wire.Uid, wire.SerialNumber = present(r.Device.UID.String()), present(r.Device.SerialNumber)
		shown := s.device(*r.Device, "", r.Revision, s.today())
		wire.Device = &shown
	case uuidPattern.MatchString(r.Name):
		wire.Uid = &r.Name
	default:
		wire.SerialNumber = present(r.Name)
	}
	return wire
}

// summary counts outcomes. done is the outcome that a kind of request has for
// success.
func summary(total int, done domain.Outcome, count func(domain.Outcome) int) openapi.Summary {
	s := openapi.Summary{Total: total, Unchanged: count(domain.OutcomeUnchanged), Refused: count(domain.OutcomeRefused)}
	n := count(done)
	switch done {
	case domain.OutcomeCreated:
		s.Created = &n
	case domain.OutcomeTransferred:
		s.Transferred = &n
	case domain.OutcomeRenewed:
		ordered := count(domain.OutcomeOrdered)
		s.Renewed, s.Ordered = &n, &ordered
	case domain.OutcomeReversed:
		s.Reversed = &n
	case domain.OutcomeChanged:
		s.Changed = &n
	}
	return s
}
