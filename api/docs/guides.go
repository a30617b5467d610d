package docs

import (
	"bytes"
	"embed"
	"fmt"
	"strings"
)

//go:embed guides/*.md
var files embed.FS

// Group is what somebody wants to do.
type Group struct {
	Title  string
	Guides []Guide
}

// Guide is a page that leads through it.
type Guide struct {
	Name, Title, Summary string
	HTML                 string // below title and summary
	Sections             []Section
}

// Section is a part of a guide.
type Section struct{ ID, Title string }

// order is that of the guides: how they are listed, and how their examples are run.
var order = []struct {
	title string
	names []string
}{
	{"Begin", []string{"first-hour", "rules"}},
	{"Work with devices", []string{"bulk-import", "transfers", "renewals", "forecast"}},
	{"Be told", []string{"notices", "calendars", "webhooks"}},
	{"Look back and count", []string{"audits", "proof", "sql"}},
	{"Write programs", []string{"conventions", "feed"}},
	{"Manage accounts", []string{"people"}},
	{"Run the service", []string{"operation", "by-itself", "backup", "personal-data", "changelog"}},
}

// Guides reads all guides.
func Guides() ([]Group, error) {
	groups := make([]Group, 0, len(order))
	for _, o := range order {
		group := Group{Title: o.title}
		for _, name := range o.names {
			guide, err := guideOf(name)
			if err != nil {
				return nil, fmt.Errorf("guide %s: %w", name, err)
			}
			group.Guides = append(group.Guides, guide)
		}
		groups = append(groups, group)
	}
	return groups, nil
}

// guideOf reads a guide: its title, a paragraph that sums it up, and the rest.
func guideOf(name string) (Guide, error) {
	source, err := files.ReadFile("guides/" + name + ".md")
	if err != nil {
		return Guide{}, err
	}
	head, rest, _ := bytes.Cut(source, []byte("\n## "))
	title, summary, found := strings.Cut(strings.TrimPrefix(string(head), "# "), "\n")
	if !found {
		return Guide{}, fmt.Errorf("no summary below the title %q", title)
	}
	guide := Guide{Name: name, Title: title, Summary: strings.Join(strings.Fields(summary), " ")}
	guide.HTML, guide.Sections, err = rendered(append([]byte("## "), rest...))
	return guide, err
}
