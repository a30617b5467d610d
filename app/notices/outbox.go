package notices

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Outbox has the heads of all mails of a service without a mail server, the
// youngest first. It is the operator's; a service with a mail server has none.
func (s *Service) Outbox(ctx context.Context, caller access.Caller) ([]ports.Mail, error) {
	if err := access.OperatorOnly(caller, rights.OperationsRead); err != nil || s.options.Outbox == nil {
		return nil, err
	}
	return s.options.Outbox.Mails(ctx)
}

// OutboxMail is one of them as it would arrive.
func (s *Service) OutboxMail(ctx context.Context, caller access.Caller, id uuid.UUID) (ports.Mail, error) {
	if err := access.OperatorOnly(caller, rights.OperationsRead); err != nil {
		return ports.Mail{}, err
	}
	if s.options.Outbox == nil {
		return ports.Mail{}, query.ErrNotFound
	}
	return s.options.Outbox.Mail(ctx, id)
}
