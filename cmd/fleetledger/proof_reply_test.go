package main

import (
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
)

// reply is what a client knows after a request. It was not sent (nothing has
// happened), or it is unknown what became of it, or it was answered.
type reply struct {
	sent, unknown, disturbed bool
	call, back               time.Duration
	status                   int
	header                   http.Header
	text                     []byte
	replyBody
}

// replyBody is what is looked at of an answer.
type replyBody struct {
	Code   string
	Errors []struct{ Code string }

	ID, UID           uuid.UUID
	Name              string
	Status            any // of an account; a problem has a number there
	Revision          int64
	LifeCycleState    string
	Account           struct{ UID uuid.UUID } // of a device
	ServiceEnd        string
	Used              int
	Results           []replyItem
	Items             []replyRow
	State, NextCursor string
}

type replyItem struct {
	Outcome  string
	Problems []struct{ Code string }
	Device   struct {
		Revision   int64
		ServiceEnd string
	}
}

type replyRow struct {
	ID, UID      uuid.UUID
	Name, Status string
	OrderNumber  string
	State        string
}

// codes are those of a refusal, also that of the one item of a bulk request.
func (r reply) codes() string {
	var codes []string
	switch {
	case r.status >= http.StatusBadRequest && len(r.Errors) > 0:
		for _, e := range r.Errors {
			codes = append(codes, e.Code)
		}
	case r.status >= http.StatusBadRequest:
		codes = append(codes, r.Code)
	case len(r.Results) == 1:
		for _, p := range r.Results[0].Problems {
			codes = append(codes, p.Code)
		}
	}
	if len(codes) == 0 {
		return ""
	}
	return " " + strings.Join(codes, " ") + " "
}

// passing says that the same request may go well a moment later.
func (r reply) passing() bool {
	return r.header.Get("Retry-After") != "" || strings.Contains(r.codes(), " device_busy ")
}
