package main

import (
	"fmt"

	"github.com/alecthomas/kong"
)

// sharedFlags are those of Config in a command's help.
var sharedFlags = &kong.Group{Key: "shared", Title: "Flags that all commands share:"}

// groupShared sets the shared flags apart from a command's own, behind them.
func groupShared(app *kong.Application) {
	for _, flag := range app.Flags {
		if flag != app.HelpFlag {
			flag.Group = sharedFlags
		}
	}
}

// printHelp shows a command's own flags first. The shared ones are many and say
// most about serve: its help lists them, that of other commands tells so.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	selected := ctx.Selected()
	if selected != nil && selected.Name == "serve" {
		return kong.DefaultHelpPrinter(options, ctx)
	}
	for _, flag := range ctx.Model.Flags {
		if flag.Group == sharedFlags && flag.Name != "data-dir" {
			flag.Hidden = true
		}
	}
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	_, err := fmt.Fprintf(ctx.Stdout, "\nRun \"%s serve --help\" for the flags and variables that all commands share.\n", ctx.Model.Name)
	return err
}
