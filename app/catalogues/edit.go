package catalogues

import (
	"context"
	"strings"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/models"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Edit is what every edit of the catalogue carries. IfRevision is the whole
// catalogue's.
type Edit struct {
	command.Command
	IfRevision *eventlog.Revision
}

// Put defines a model or replaces its definition.
type Put struct {
	Edit
	Model models.Definition
}

// Edited answers an edit: the model as it is now, for a dry run as it would be.
type Edited struct {
	command.Receipt
	Model catalogue.Model
}

// Put puts a model into the catalogue, whatever it was before. It is the
// operator's.
func (s *Service) Put(ctx context.Context, caller access.Caller, c Put) (Edited, error) {
	return s.edit(ctx, caller, c.Edit, c.Model.Name, func(state models.State) ([]domain.Event, error) {
		return models.DecidePut(state, s.file, c.Model)
	})
}

// Withdraw takes a model out of the catalogue; devices that have it stay.
type Withdraw struct {
	Edit
	Model string
}

// Withdraw withdraws a model. It is the operator's.
func (s *Service) Withdraw(ctx context.Context, caller access.Caller, c Withdraw) (Edited, error) {
	return s.edit(ctx, caller, c.Edit, c.Model, func(state models.State) ([]domain.Event, error) {
		return models.DecideWithdraw(state, s.file, c.Model)
	})
}

func (s *Service) edit(ctx context.Context, caller access.Caller, c Edit, name string, decide command.Decide[models.State]) (Edited, error) {
	if err := access.OperatorOnly(caller, rights.CatalogueEdit); err != nil {
		return Edited{}, err
	}
	if err := c.Check(); err != nil {
		return Edited{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	r, err := command.Execute(ctx, env, command.On(models.Aggregate, models.UID).If(c.IfRevision), decide)
	if err != nil {
		return Edited{}, err
	}
	model, _ := r.State.Over(s.file).Model(strings.TrimSpace(name))
	return Edited{Receipt: r.Receipt(), Model: model}, nil
}
