package view

import (
	"strings"

	"github.com/fleetledger/fleetledger/api/codes"
	"github.com/fleetledger/fleetledger/api/docs"
)

// Documentation is what all pages of the documentation have: the frame, what there
// is, and what stands on the page.
type Documentation struct {
	Frame
	Guides []docs.Group
	Groups []docs.OperationGroup // of the reference
	Here   []docs.Section        // the sections of the page
}

// docsPlaces are the parts of the documentation.
var docsPlaces = []place{{"Guides", "/docs"}, {"Reference", "/docs/reference"}, {"Codes", "/docs/codes"}}

func referencePath(group string) string { return "/docs/reference/" + group }

// anchor is the name of a part in an address.
func anchor(title string) string { return strings.ReplaceAll(strings.ToLower(title), " ", "-") }

// titled makes a title of a tag.
func titled(name string) string {
	if name == "" {
		return ""
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// CodeSections are the sections of the page of codes.
func CodeSections(all []codes.Section) []docs.Section {
	sections := make([]docs.Section, len(all))
	for i, s := range all {
		sections[i] = docs.Section{ID: anchor(s.Title), Title: s.Title}
	}
	return sections
}

// OperationSections are the sections of a page of the reference.
func OperationSections(group docs.OperationGroup) []docs.Section {
	sections := make([]docs.Section, len(group.Operations))
	for i, o := range group.Operations {
		sections[i] = docs.Section{ID: o.ID, Title: o.Summary}
	}
	return sections
}
