package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
)

func (h handlers) GetOperation(ctx context.Context, r openapi.GetOperationRequestObject) (openapi.GetOperationResponseObject, error) {
	o, err := h.operation(ctx, r.Id, r.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	return openapi.GetOperation200JSONResponse{
		Body:    operationState(o),
		Headers: openapi.GetOperation200ResponseHeaders{XPosition: o.Position.String()},
	}, nil
}

func (h handlers) ListOperations(ctx context.Context, r openapi.ListOperationsRequestObject) (openapi.ListOperationsResponseObject, error) {
	var in reading
	reached := in.minPosition(r.Params.MinPosition)
	q := ports.OperationQuery{
		Page:   in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, []string{"createdAt"}),
		States: eachOf[ports.OperationState](r.Params.State),
		Kinds:  eachOf[ports.OperationKind](r.Params.Kind),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	page, err := h.App.Operations.List(ctx, callOf(ctx).caller, q)
	if err != nil {
		return nil, err
	}
	return openapi.ListOperations200JSONResponse{
		Body:    openapi.OperationList{Items: list(page.Items, operationState), NextCursor: present(page.NextCursor), Total: page.Total},
		Headers: openapi.ListOperations200ResponseHeaders{XPosition: reached.String()},
	}, nil
}

// operation finds an operation. What is kept about it is written with each
// step, so it is never behind any position.
func (h handlers) operation(ctx context.Context, id uuid.UUID, min *openapi.MinPosition) (ports.Operation, error) {
	var in reading
	in.minPosition(min)
	if err := in.err(); err != nil {
		return ports.Operation{}, err
	}
	return h.App.Operations.Get(ctx, callOf(ctx).caller, id)
}

func (h handlers) GetOperationResults(ctx context.Context, r openapi.GetOperationResultsRequestObject) (openapi.GetOperationResultsResponseObject, error) {
	o, err := h.operation(ctx, r.Id, r.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	if _, err := h.App.Operations.Results(ctx, callOf(ctx).caller, o.ID, 0, 0); err != nil {
		return nil, err // while a stream can still be refused
	}
	start := 0
	if r.Params.Cursor != nil {
		if start, err = strconv.Atoi(*r.Params.Cursor); err != nil || start < 0 || start > o.Total {
			return nil, query.ErrBadCursor
		}
	}
	wanted := resultFilter{id: o.ID, outcomes: eachOf[domain.Outcome](r.Params.Outcome)}
	headers := openapi.GetOperationResults200ResponseHeaders{XPosition: o.Position.String()}
	switch accepts(callOf(ctx).accept, "application/json", "application/x-ndjson", "text/csv") {
	case "application/x-ndjson":
		return openapi.GetOperationResults200ApplicationxNdjsonResponse{Body: h.resultsNDJSON(ctx, wanted, start), Headers: headers}, nil
	case "text/csv":
		return csvAnswer{name: "operation_" + o.ID.String(), body: h.resultsCSV(ctx, wanted, start), position: o.Position}, nil
	}
	limit := defaultLimit
	if r.Params.Limit != nil {
		limit = *r.Params.Limit
	}
	results, next, err := h.resultsOf(ctx, wanted, start, limit)
	if err != nil {
		return nil, err
	}
	page := openapi.ResultList{Items: list(results, h.itemResult), Total: wanted.total(o)}
	if next < o.Total && len(results) > 0 {
		page.NextCursor = present(strconv.Itoa(next))
	}
	return openapi.GetOperationResults200JSONResponse{Body: page, Headers: headers}, nil
}

// resultFilter are the results of an operation that are wanted: those with some
// outcomes, all for none.
type resultFilter struct {
	id       uuid.UUID
	outcomes []domain.Outcome
}

// total is how many there are, so far where it is not all of them.
func (f resultFilter) total(o ports.Operation) int {
	if len(f.outcomes) == 0 {
		return o.Total
	}
	total := 0
	for outcome, n := range o.Counters {
		if slices.Contains(f.outcomes, outcome) {
			total += n
		}
	}
	return total
}

// resultsOf are up to limit results from the item start on, and the next item: the
// next one that is wanted, or the first that has no result yet.
func (h handlers) resultsOf(ctx context.Context, f resultFilter, start, limit int) (found []command.ItemResult, next int, err error) {
	caller := callOf(ctx).caller
	if len(f.outcomes) == 0 {
		found, err = h.App.Operations.Results(ctx, caller, f.id, start, limit)
		return found, start + len(found), err
	}
	for {
		some, err := h.App.Operations.Results(ctx, caller, f.id, start, exportPage)
		if err != nil {
			return nil, 0, err
		}
		for i, r := range some {
			switch {
			case !slices.Contains(f.outcomes, r.Outcome):
			case len(found) == limit:
				return found, start + i, nil
			default:
				found = append(found, r)
			}
		}
		if start += len(some); len(some) < exportPage {
			return found, start, nil
		}
	}
}

// results streams the results an operation has so far, beginning with one of them.
func (h handlers) results(ctx context.Context, f resultFilter, start int, write func(*bytes.Buffer, []openapi.ItemResult) error) io.Reader {
	return &pages{more: func(to *bytes.Buffer) (bool, error) {
		got, next, err := h.resultsOf(ctx, f, start, exportPage)
		if err != nil {
			return false, err
		}
		start = next
		return len(got) == exportPage, write(to, list(got, h.itemResult))
	}}
}

func (h handlers) resultsNDJSON(ctx context.Context, f resultFilter, start int) io.Reader {
	return h.results(ctx, f, start, func(to *bytes.Buffer, results []openapi.ItemResult) error {
		lines := json.NewEncoder(to)
		for _, r := range results {
			if err := lines.Encode(r); err != nil {
				return err
			}
		}
		return nil
	})
}

func (h handlers) resultsCSV(ctx context.Context, f resultFilter, start int) io.Reader {
	begun := false
	return h.results(ctx, f, start, func(to *bytes.Buffer, results []openapi.ItemResult) error {
		var rows [][]string
		if !begun {
			begun = true
			rows = append(rows, []string{"INDEX", "REF", "UID", "SERIAL_NUMBER", "OUTCOME", "CODES", "DETAILS"})
		}
		for _, r := range results {
			codes := list(r.Problems, func(p openapi.ItemProblem) string { return p.Code })
			details := list(r.Problems, func(p openapi.ItemProblem) string { return p.Detail })
			rows = append(rows, []string{strconv.Itoa(r.Index), valueOf(r.Ref), valueOf(r.Uid), valueOf(r.SerialNumber),
				string(r.Outcome), strings.Join(codes, "|"), strings.Join(details, " ")})
		}
		return csvRows(to, rows...)
	})
}

func operationState(o ports.Operation) openapi.Operation {
	return openapi.Operation{
		Id: o.ID, Kind: openapi.OperationKind(o.Kind), State: openapi.OperationState(o.State),
		Progress:  openapi.Progress{Done: o.Done, Total: o.Total},
		Summary:   summary(o.Total, successOf[o.Kind], func(w domain.Outcome) int { return o.Counters[w] }),
		CreatedAt: o.CreatedAt.UTC(), StartedAt: instant(o.StartedAt), FinishedAt: instant(o.FinishedAt),
		Error: present(o.Error),
	}
}

var successOf = map[ports.OperationKind]domain.Outcome{
	ports.OperationRegistration: domain.OutcomeCreated,
	ports.OperationTransfer:     domain.OutcomeTransferred,
	ports.OperationRenewal:      domain.OutcomeRenewed,
	ports.OperationDeviceChange: domain.OutcomeChanged,
}
