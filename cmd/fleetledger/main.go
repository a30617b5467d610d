// Command fleetledger is the service and its tools. This folder holds wiring
// and commands only: what the service does is in package app, what it is made
// of in adapters, projections and api.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is every command and what they share.
type cli struct {
	Config

	Serve       serveCmd       `cmd:"" help:"Run the whole service."`
	Token       tokenCmd       `cmd:"" help:"Bearer tokens for accounts."`
	Analyst     analystCmd     `cmd:"" help:"Database roles of analysts, who read the views of schema analytics with SQL."`
	Projections projectionsCmd `cmd:"" help:"Look at and rebuild the read models."`
	Replay      replayCmd      `cmd:"" help:"Replay one thing from the log."`
	Log         logCmd         `cmd:"" help:"Copy the log to another event store."`
	Audit       auditCmd       `cmd:"" help:"Prove the log: checkpoints, exports that others verify."`
	Backup      backupCmd      `cmd:"" help:"Backups of everything in one file, and restoring them."`
	Key         keyCmd         `cmd:"" help:"The installation's key, that secrets are sealed with."`
	Operator    operatorCmd    `cmd:"" help:"Operators, so that the log says who, and their tokens."`
	Persons     personsCmd     `cmd:"" help:"Persons whose key is lost."`
	Analytics   analyticsCmd   `cmd:"" help:"What analysts read, as files."`
	Bench       benchCmd       `cmd:"" help:"Measure this machine: appends, commands and pages over HTTP, rebuilds, beside the limits they stand against."`
	Migrate     migrateCmd     `cmd:"" help:"Bring the database to this version's schema."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
}

// console is where a command reads and writes; tests give their own.
type console struct {
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	status := run(ctx, os.Args[1:], console{os.Stdout, os.Stderr})
	stop()
	os.Exit(status)
}

// run carries out one command line and gives the exit status: 0 done, 1
// failed, 2 not understood. A failure is one line on standard error.
func run(ctx context.Context, args []string, c console) int {
	var commands cli
	exit := -1
	parser, err := kong.New(&commands,
		kong.Name("fleetledger"),
		kong.Description("The open, event-sourced service behind a reseller's desk for connected routers."),
		kong.Writers(c.out, c.err),
		kong.Exit(func(code int) { exit = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Help(printHelp),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(c),
	)
	if err != nil {
		fmt.Fprintln(c.err, "fleetledger:", err)
		return 2
	}
	groupShared(parser.Model)
	parsed, err := parser.Parse(args)
	if exit >= 0 { // --help was answered
		return exit
	}
	if err != nil {
		fmt.Fprintln(c.err, "fleetledger:", err)
		return 2
	}
	if err := commands.validate(); err != nil {
		fmt.Fprintln(c.err, "fleetledger:", err)
		return 2
	}
	logger := commands.logger(c.err)
	slog.SetDefault(logger)
	warnOfVariables(logger, parser.Model, os.Environ())
	if err := parsed.Run(&commands.Config); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(c.err, "fleetledger:", err)
		return 1
	}
	return 0
}
