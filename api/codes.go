package api

import (
	"net/http"

	"github.com/fleetledger/fleetledger/domain"
)

// Codes of what is wrong with the form of a request: always 400. Stable, as all codes.
const (
	codeBodyMissing        = "body_missing"
	codeBodyUnreadable     = "body_unreadable"
	codeJSONInvalid        = "json_invalid"
	codeJSONTooDeep        = "json_too_deep"
	codeDuplicateField     = "duplicate_field"
	codeUnknownField       = "unknown_field"
	codeFieldMissing       = "field_missing"
	codeWrongType          = "wrong_type"
	codeInvalidFormat      = "invalid_format"
	codeInvalidValue       = "invalid_value"
	codeOutOfRange         = "out_of_range"
	codeInvalidUTF8        = "invalid_utf8"
	codeNUL                = "nul_character"
	codeUnknownParameter   = "unknown_parameter"
	codeDuplicateParameter = "duplicate_parameter"
	codeQueryInvalid       = "query_invalid"
	codePositionInvalid    = "position_invalid"
	codeInstantInvalid     = "instant_invalid"
	codeForecastTooFar     = "forecast_too_far"
	codeDateInvalid        = "date_invalid"
	codeTermInvalid        = "term_invalid"
	codeSortUnknown        = "sort_unknown"
	codeWindowUnknown      = "window_unknown"
	codeCursorInvalid      = "cursor_invalid"
	codeIfMatchInvalid     = "if_match_invalid"
	codeTooManyItems       = "too_many_items"
)

// edgeCode is a code that the edge itself refuses with, and the status of such
// an answer.
type edgeCode struct {
	code    string
	status  int
	passing bool // the same request may go well a moment later
}

// edgeCodes lists everything declared below, for the page of /docs.
var edgeCodes []edgeCode

var (
	codeInternal           = always(http.StatusInternalServerError, "internal_error")
	codeUnauthenticated    = always(http.StatusUnauthorized, "unauthenticated")
	codeForbidden          = always(http.StatusForbidden, "forbidden")
	codeAddressNotAdmitted = always(http.StatusForbidden, "address_not_admitted")
	codeFactorRequired     = always(http.StatusForbidden, "second_factor_required")
	codeNotFound           = always(http.StatusNotFound, "not_found")
	codeMethodNotAllowed   = always(http.StatusMethodNotAllowed, "method_not_allowed")
	codeBodyTooLarge       = always(http.StatusRequestEntityTooLarge, "body_too_large")
	codeBodyTooSlow        = always(http.StatusRequestTimeout, "body_too_slow")
	codeContentType        = always(http.StatusUnsupportedMediaType, "content_type_unsupported")
	codeKeyReused          = always(http.StatusUnprocessableEntity, "idempotency_key_reused")
	codeKeyBusy            = forNow(http.StatusConflict, "idempotency_key_in_use")
	codeAnswerErased       = always(http.StatusGone, "answer_erased")
	codeLogRestored        = always(http.StatusGone, "log_restored")
	codeLastEventUnknown   = always(http.StatusGone, "last_event_unknown")
	codeRevisionMismatch   = always(http.StatusPreconditionFailed, "revision_mismatch")
	codeBusy               = forNow(http.StatusConflict, "busy")
	codeNotCaughtUp        = forNow(http.StatusServiceUnavailable, "not_caught_up")
	codeLogUnavailable     = forNow(http.StatusServiceUnavailable, "event_store_unavailable")
	codeDBUnavailable      = forNow(http.StatusServiceUnavailable, "database_unavailable")
	codeDiskFull           = forNow(http.StatusServiceUnavailable, "disk_full")
	codeTimeout            = forNow(http.StatusServiceUnavailable, "timeout")
	codeFreshSignIn        = always(http.StatusForbidden, "fresh_sign_in_required")
	codeTooManyRequests    = always(http.StatusTooManyRequests, "too_many_requests")
	codeTooManyAtOnce      = forNow(http.StatusTooManyRequests, "too_many_at_once")
	codeTooManyMails       = forNow(http.StatusTooManyRequests, "too_many_mails")
	codeTooManyOperations  = forNow(http.StatusTooManyRequests, "too_many_operations")
	codeTooManyPlans       = forNow(http.StatusTooManyRequests, "too_many_plans")
	codeTooManyKeys        = forNow(http.StatusTooManyRequests, "too_many_idempotency_keys")
	codeIssuerUnavailable  = forNow(http.StatusServiceUnavailable, "issuer_unavailable")
)

func always(status int, code string) edgeCode {
	return declare(edgeCode{code: code, status: status})
}

func forNow(status int, code string) edgeCode {
	return declare(edgeCode{code: code, status: status, passing: true})
}

func declare(c edgeCode) edgeCode {
	edgeCodes = append(edgeCodes, c)
	return c
}

// statusOf is the status of an answer that a problem of a kind is the reason for.
var statusOf = map[domain.Kind]int{
	domain.Refused:         http.StatusUnprocessableEntity,
	domain.Invalid:         http.StatusBadRequest,
	domain.Conflict:        http.StatusConflict,
	domain.Forbidden:       http.StatusForbidden,
	domain.Missing:         http.StatusNotFound,
	domain.Busy:            http.StatusConflict,
	domain.Unauthenticated: http.StatusUnauthorized,
}
