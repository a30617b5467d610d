package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/ports"
)

type personsCmd struct {
	Lost       personsLostCmd       `cmd:"" help:"List the persons whose key is lost, so that their names and addresses in the log stop whoever reads it."`
	Unreadable personsUnreadableCmd `cmd:"" help:"Go on without the name and address of somebody whose key is lost."`
}

type personsLostCmd struct {
	JSON bool `help:"As JSON." name:"json"`
}

// lostPerson is one as it is printed.
type lostPerson struct {
	Person  uuid.UUID `json:"person"`
	Events  int       `json:"events"`
	Streams []string  `json:"streams"`
}

// Run looks through the whole log.
func (p personsLostCmd) Run(ctx context.Context, cfg *Config, c console) error {
	s, err := attachService(ctx, cfg, quiet())
	if err != nil {
		return err
	}
	defer func() { _ = s.close(context.WithoutCancel(ctx)) }()
	lost, err := s.log.Lost(ctx)
	if err != nil {
		return err
	}
	if p.JSON {
		shown := make([]lostPerson, len(lost))
		for i, l := range lost {
			shown[i] = lostPerson{l.Person, l.Events, l.Streams}
		}
		return json.NewEncoder(c.out).Encode(shown)
	}
	w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "PERSON\tEVENTS\tNAMED IN")
	for _, l := range lost {
		fmt.Fprintf(w, "%s\t%d\t%s\n", l.Person, l.Events, strings.Join(l.Streams, ", "))
	}
	return w.Flush()
}

type personsUnreadableCmd struct {
	IDs    []uuid.UUID `arg:"" optional:"" name:"id" help:"The persons, as persons lost shows them."`
	All    bool        `help:"All whose key is lost."`
	Reason string      `help:"Why; it stands in the event."`
}

// Run gives up what cannot be read anyhow, and nothing else: a person whose key is
// there is refused.
func (p personsUnreadableCmd) Run(ctx context.Context, cfg *Config, c console) error {
	if p.All == (len(p.IDs) > 0) {
		return errors.New("name persons, or --all")
	}
	return withEngine(ctx, cfg, func(e *engine) error {
		lost, err := e.log.Lost(ctx)
		if err != nil {
			return err
		}
		if !p.All {
			if lost, err = named(lost, p.IDs); err != nil {
				return err
			}
		}
		for _, l := range lost {
			if err := e.giveUp(ctx, l, p.Reason); err != nil {
				return err
			}
			fmt.Fprintf(c.out, "person %s reads \"unreadable\" now, in %d events\n", l.Person, l.Events)
		}
		return e.runner.RetryStopped(ctx)
	})
}

// giveUp carries the command out for one person, as the operator.
func (e *engine) giveUp(ctx context.Context, l ports.LostPerson, reason string) error {
	operator := access.Caller{Actor: access.OperatorActor}
	_, err := e.app.People.GiveUp(ctx, operator, l.Person, l.Streams, command.Command{ID: uuid.Must(uuid.NewV7()), Reason: reason})
	if err != nil {
		return fmt.Errorf("person %s: %w", l.Person, err)
	}
	return nil
}

// named picks persons by their ids.
func named(lost []ports.LostPerson, ids []uuid.UUID) ([]ports.LostPerson, error) {
	var picked []ports.LostPerson
	for _, id := range ids {
		i := slices.IndexFunc(lost, func(l ports.LostPerson) bool { return l.Person == id })
		if i < 0 {
			return nil, fmt.Errorf("nothing in the log is lost of a person %s: the key is there, or nobody has this id", id)
		}
		picked = append(picked, lost[i])
	}
	return picked, nil
}
