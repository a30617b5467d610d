package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/transparency"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

type auditCmd struct {
	Key         auditKeyCmd         `cmd:"" help:"The public keys that checkpoints and exports verify with, the one in force first."`
	Checkpoint  auditCheckpointCmd  `cmd:"" help:"A signed checkpoint of the log as it is; keep it to see later that the log only grew."`
	Export      auditExportCmd      `cmd:"" help:"Events with their proofs, a line of JSON each, under a signed manifest."`
	Verify      auditVerifyCmd      `cmd:"" help:"Check an export and name the first line that is wrong; needs no database."`
	Consistency auditConsistencyCmd `cmd:"" help:"Check that the log only grew from one checkpoint to another."`
}

type auditKeyCmd struct{}

// Run prints the keys.
func (auditKeyCmd) Run(ctx context.Context, cfg *Config, c console) error {
	return withEngine(ctx, cfg, func(e *engine) error {
		keys, err := e.app.Transparency.PublicKeys(ctx)
		for _, key := range keys.Public() {
			fmt.Fprintln(c.out, key)
		}
		return err
	})
}

type auditCheckpointCmd struct{}

// Run prints a checkpoint as it is signed.
func (auditCheckpointCmd) Run(ctx context.Context, cfg *Config, c console) error {
	return withEngine(ctx, cfg, func(e *engine) error {
		signed, err := e.app.Transparency.Checkpoint(ctx, eventlog.Position{})
		if err == nil {
			_, err = c.out.Write(signed)
		}
		return err
	})
}

type auditExportCmd struct {
	Out     string `help:"The file to write; an existing one is never overwritten." placeholder:"FILE" required:""`
	Device  string `help:"Of one device: its serial number or UID." placeholder:"SERIAL" xor:"scope"`
	Account string `help:"Of one account, by its UID: all that names it, and its devices while they were its." placeholder:"UID" xor:"scope"`
	From    since  `help:"Not what happened before this instant (RFC 3339), or before a date." placeholder:"T"`
	To      asOf   `help:"Only what happened by this instant (RFC 3339), or by the end of a date." placeholder:"T"`
}

// since is an instant to begin at; a date means its beginning.
type since struct{ time.Time }

// UnmarshalText says what it wants where a text is neither of both.
func (s *since) UnmarshalText(text []byte) (err error) {
	var date calendar.Date
	if s.Time, date, err = calendar.ParseInstant(string(text)); err == nil && !date.IsZero() {
		s.Time = date.Time()
	}
	return err
}

func (a auditExportCmd) scope() (s transparency.Scope, err error) {
	s.To = a.To.Time
	if !s.To.IsZero() {
		s.To = s.To.Add(time.Nanosecond) // an export's end is not in it
	}
	s.From = a.From.Time
	if a.Device != "" {
		if s.Device, err = deviceUID(a.Device); err != nil {
			return s, err
		}
	}
	if a.Account != "" {
		if s.Account, err = uuid.Parse(a.Account); err != nil {
			return s, fmt.Errorf("--account: %q is no UID", a.Account)
		}
	}
	return s, nil
}

// deviceUID is the uid of a device that is named by it, or by its serial number.
func deviceUID(name string) (uuid.UUID, error) {
	if uid, err := uuid.Parse(name); err == nil {
		return uid, nil
	}
	serial, problems := device.NormaliseSerial(name)
	if len(problems) > 0 {
		return uuid.Nil, errors.New(problems[0].Detail)
	}
	return device.UID(serial), nil
}

// Run writes the export.
func (a auditExportCmd) Run(ctx context.Context, cfg *Config, c console) (err error) {
	scope, err := a.scope()
	if err != nil {
		return err
	}
	return withEngine(ctx, cfg, func(e *engine) (err error) {
		file, err := os.OpenFile(a.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer func() {
			if err = errors.Join(err, file.Close()); err != nil {
				err = errors.Join(err, os.Remove(a.Out))
			}
		}()
		out := bufio.NewWriterSize(file, 1<<20)
		done, err := e.app.Transparency.Export(ctx, access.Caller{Actor: access.OperatorActor}, out, scope, func(at transparency.Exported) {
			fmt.Fprintf(c.err, "%d of %d events looked through, %d exported\n", at.Read, at.Size, at.Events)
		})
		if err != nil {
			return err
		}
		if err := errors.Join(out.Flush(), file.Sync()); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s: %d events (%s) under a checkpoint of %d\n", a.Out, done.Events, scope, done.Size)
		return nil
	})
}

type auditVerifyCmd struct {
	Key  []string `help:"A public key that you trust, as 'audit key' prints it. May be given more than once. Without one the export's own keys are used, and told." placeholder:"KEY" sep:"none"`
	File string   `arg:"" help:"The export."`
}

// Run checks the export.
func (a auditVerifyCmd) Run(c console) error {
	keys, err := transparency.ParseVerifiers(a.Key...)
	if err != nil {
		return err
	}
	file, err := os.Open(a.File)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	v, err := transparency.Verify(file, keys)
	if err != nil {
		return fmt.Errorf("%s: %w", a.File, err)
	}
	fmt.Fprintf(c.out, "%s: good: %d events (%s), in the log %s as of its first %d events\n", a.File, v.Events, v.Scope, v.Checkpoint.Origin, v.Checkpoint.N)
	if len(keys) == 0 {
		fmt.Fprintf(c.out, "signed with the key that the file itself names, compare it with one that you trust:\n%s\n", v.SignedBy)
	}
	return nil
}
