// Package view is the look of the pages: a template for each and the parts they
// share. A template gets what it shows in a struct of its own and decides nothing
// but how it reads. Every value is text: nothing in a name becomes markup.
package view

//go:generate go tool templ generate -path . -include-version=false -log-level error
