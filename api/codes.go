package api

import (
	"net/http"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Codes of what is wrong with a request before app sees it. Stable, as all codes.
const (
	codeInternal           = "internal_error"
	codeUnauthenticated    = "unauthenticated"
	codeForbidden          = "forbidden"
	codeAddressNotAdmitted = "address_not_admitted"
	codeNotFound           = "not_found"
	codeMethodNotAllowed   = "method_not_allowed"
	codeBodyTooLarge       = "body_too_large"
	codeBodyMissing        = "body_missing"
	codeBodyUnreadable     = "body_unreadable"
	codeContentType        = "content_type_unsupported"
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
	codeInstantInFuture    = "instant_in_future"
	codeDateInvalid        = "date_invalid"
	codeTermInvalid        = "term_invalid"
	codeSortUnknown        = "sort_unknown"
	codeWindowUnknown      = "window_unknown"
	codeCursorInvalid      = "cursor_invalid"
	codeIfMatchInvalid     = "if_match_invalid"
	codeTooManyItems       = "too_many_items"
	codeKeyReused          = "idempotency_key_reused"
	codeKeyBusy            = "idempotency_key_in_use"
	codeRevisionMismatch   = "revision_mismatch"
	codeBusy               = "busy"
	codeNotCaughtUp        = "not_caught_up"
	codeLogUnavailable     = "event_store_unavailable"
	codeDBUnavailable      = "database_unavailable"
	codeTimeout            = "timeout"
	codeTooManyRequests    = "too_many_requests"
	codeIssuerUnavailable  = "issuer_unavailable"
)

// statusOf has the codes of refusals by app and domain that are not 422.
var statusOf = map[string]int{
	codeNotFound:                   http.StatusNotFound,
	device.CodeDeviceNotFound:      http.StatusNotFound,
	device.CodeMissingRight:        http.StatusForbidden,
	codeForbidden:                  http.StatusForbidden,
	"name_taken":                   http.StatusConflict,
	"email_taken":                  http.StatusConflict,
	"already_partnered":            http.StatusConflict,
	account.CodeLabelTaken:         http.StatusConflict,
	device.CodeFactorTaken:         http.StatusConflict,
	device.CodeRegisteredElsewhere: http.StatusConflict,
	device.CodeBusy:                http.StatusConflict,
	app.CodeSignInFailed:           http.StatusUnauthorized,
	app.CodeSessionRequired:        http.StatusForbidden,
	codeSortUnknown:                http.StatusBadRequest,
	codeInstantInFuture:            http.StatusBadRequest,
}

// formStatus has the codes above that are not 400 and that statusOf lacks, for
// the documentation.
var formStatus = map[string]int{
	codeInternal:           http.StatusInternalServerError,
	codeUnauthenticated:    http.StatusUnauthorized,
	codeAddressNotAdmitted: http.StatusForbidden,
	codeMethodNotAllowed:   http.StatusMethodNotAllowed,
	codeBodyTooLarge:       http.StatusRequestEntityTooLarge,
	codeContentType:        http.StatusUnsupportedMediaType,
	codeKeyReused:          http.StatusUnprocessableEntity,
	codeKeyBusy:            http.StatusConflict,
	codeRevisionMismatch:   http.StatusPreconditionFailed,
	codeBusy:               http.StatusConflict,
	codeNotCaughtUp:        http.StatusServiceUnavailable,
	codeLogUnavailable:     http.StatusServiceUnavailable,
	codeDBUnavailable:      http.StatusServiceUnavailable,
	codeTimeout:            http.StatusServiceUnavailable,
	codeTooManyRequests:    http.StatusTooManyRequests,
	codeIssuerUnavailable:  http.StatusServiceUnavailable,
}
