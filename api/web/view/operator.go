package view

import (
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// Accounts lists accounts.
type Accounts struct {
	Frame  Frame
	List   openapi.AccountList
	Search string
	Sort   string
	From   int
}

// NewAccount is the form that creates an account, as it was typed.
type NewAccount struct {
	Frame                     Frame
	Name, Email, Person, Type string
	Problem                   *client.Problem
}

// Grants lists the service allocations that were granted, and grants one.
type Grants struct {
	Frame                       Frame
	List                        openapi.AllocationList
	Device, Term, Until, Reason string // as they were typed
	From                        int
	Problem                     *client.Problem
}

// Catalogue is the models in force.
type Catalogue struct {
	Frame   Frame
	Found   openapi.Catalogue
	Typed   url.Values // the form that was refused
	Problem *client.Problem
}

// offered are a model's offers in words.
func offered(m openapi.CatalogueModel) string {
	names := make([]string, len(m.Offers))
	for i, o := range m.Offers {
		names[i] = Upper(string(o))
	}
	return strings.Join(names, ", ")
}

// Audits lists the grants that let auditors read.
type Audits struct {
	Frame   Frame
	List    openapi.AuditGrantList
	Names   map[uuid.UUID]string
	Granted *openapi.CreatedAuditGrant // with its token, shown this once
	Typed   url.Values                 // the form that was refused
	From    int
	Problem *client.Problem
}

// read are the accounts of a grant by name.
func (a Audits) read(g openapi.AuditGrant) string {
	names := make([]string, len(g.Accounts))
	for i, uid := range g.Accounts {
		names[i] = a.Names[uid]
	}
	return strings.Join(names, ", ")
}

// auditTag is how a grant's status looks.
func auditTag(status openapi.AuditGrantStatus) (colour, icon string) {
	if status == "active" {
		return "green", "check"
	}
	return "", "cross"
}

// Projections are the followers of the log.
type Projections struct {
	Frame Frame
	All   []openapi.Projection
}

// stopped are those that need somebody.
func (p Projections) stopped() []openapi.Projection {
	var some []openapi.Projection
	for _, one := range p.All {
		if one.Error != nil {
			some = append(some, one)
		}
	}
	return some
}

// recovered are those that had stopped within the last day, and run again.
func (p Projections) recovered() []openapi.Projection {
	var some []openapi.Projection
	for _, one := range p.All {
		if one.Error == nil && one.LastErrorAt != nil && time.Since(*one.LastErrorAt) < 24*time.Hour {
			some = append(some, one)
		}
	}
	return some
}

// projectionTag is how a follower's state looks.
func projectionTag(p openapi.Projection) (colour, icon string) {
	switch {
	case p.Error != nil:
		return "red", "warn"
	case p.State == "running":
		return "green", "check"
	}
	return "amber", "info"
}
