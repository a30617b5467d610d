package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/transparency"
	"github.com/fleetledger/fleetledger/domain/device"
)

func (h handlers) ExportAudit(ctx context.Context, r openapi.ExportAuditRequestObject) (openapi.ExportAuditResponseObject, error) {
	var in reading
	scope := transparency.Scope{
		Account: valueOf(r.Params.Account), From: in.since("#/query/from", r.Params.From), To: in.until("#/query/to", r.Params.To),
	}
	if r.Params.Device != nil {
		if r.Params.Account != nil {
			in.wrong("#/query/account", codeInvalidValue, "Name a device or an account, not both.")
		}
		uid, ok := device.Named(*r.Params.Device)
		if !ok {
			return nil, query.ErrNotFound
		}
		scope.Device = uid
	}
	if !scope.To.IsZero() {
		scope.To = scope.To.Add(time.Nanosecond) // an export's end is not in it
	}
	if !scope.To.IsZero() && !scope.From.Before(scope.To) {
		in.wrong("#/query/to", codeInvalidValue, "The end lies before the beginning.")
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	return auditExport{name: "audit_" + h.today().String(), write: func(w io.Writer) error {
		_, err := h.App.Transparency.Export(ctx, callOf(ctx).caller, w, scope, func(transparency.Exported) {})
		return err
	}}, nil
}

// auditExport is an export, made while it is sent. What goes wrong before its first bytes
// is its answer, what goes wrong later breaks it off: without its last line it is no
// export.
type auditExport struct {
	name  string
	write func(io.Writer) error
}

// VisitExportAuditResponse sends it.
func (a auditExport) VisitExportAuditResponse(w http.ResponseWriter) error {
	out := bufio.NewWriterSize(begun{w, a.name}, 64<<10)
	if err := a.write(out); err != nil {
		return err
	}
	return out.Flush()
}

// begun writes the head of an export before its first bytes.
type begun struct {
	http.ResponseWriter
	name string
}

func (b begun) Write(p []byte) (int, error) {
	b.Header().Set("Content-Type", "application/x-ndjson")
	b.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", b.name+".ndjson"))
	return b.ResponseWriter.Write(p)
}
