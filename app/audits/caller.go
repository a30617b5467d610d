package audits

import (
	"context"
	"strings"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/audit"
)

// Caller is the auditor, who may begin a session, with the token of a grant, query.ErrNotFound for one that
// was revoked or has expired. The grant is read from the log: what was revoked is
// gone at once.
func (s *Service) Caller(ctx context.Context, token string) (access.Caller, error) {
	secret, marked := strings.CutPrefix(token, access.AuditPrefix)
	uid, ok := s.tokens.Named(secret)
	if !marked || !ok {
		return access.Caller{}, query.ErrNotFound
	}
	l, err := s.load(ctx, uid)
	if err != nil {
		return access.Caller{}, err
	}
	if !access.Fits(l.State.TokenHash, token) || l.State.StatusAt(s.executor.Clock.Now()) != audit.Active {
		return access.Caller{}, query.ErrNotFound
	}
	return access.Caller{Actor: domain.Actor{Kind: domain.ActorAuditor, ID: uid.String()}, Audits: l.State.Accounts, Credential: uid}, nil
}
