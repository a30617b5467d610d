package letters_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/letters"
	"github.com/fleetledger/fleetledger/app/letters/letterstest"
)

func TestHarmless(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Summit Wireless":              "Summit Wireless",
		"J.R. Smith & Sons, St. Mary":  "J.R. Smith & Sons, St. Mary",
		"MP70 4.16.1, Mon: 9:30":       "MP70 4.16.1, Mon: 9:30",
		"Acme.io GmbH":                 "Acme[.]io GmbH",
		"visit https://evil.example/x": "visit https[:]//evil[.]example/x",
		"http://10.0.0.1/":             "http[:]//10.0.0.1/",
		"www.evil.example":             "www[.]evil[.]example",
		"evil。example, evil．example":   "evil[。]example, evil[．]example",
		"bo@evil.example":              "bo[@]evil[.]example",
		"MAILTO:bo, Tel: 5, tel:555":   "MAILTO[:]bo, Tel: 5, tel[:]555",
		"a\r\nBcc: all\u2028b":         "a Bcc: all b",
		"evil\u200b.example":           "evil[.]example",
		"right \u202eto left":          "right to left",
		"evil.\u200dexample":           "evil.\u200dexample",
	} {
		require.Equal(t, want, letters.Harmless(text), "%q", text)
	}
	require.Equal(t, "“Falcon 'Buses' end”", letters.Quoted("Falcon “Buses”\n\tend"))
}

// No word of a letter is a link but the buttons, in the text and in the HTML, and what
// others wrote begins no line of ours.
func TestOnlyButtonsAreLinks(t *testing.T) {
	t.Parallel()
	const evil = "Pay at https://evil.example/pay\n\nor www.evil.example, me@evil.example"
	cell := letters.Cell{Text: evil, Below: evil}
	l := letters.Letter{
		Preview: evil, Title: evil, Why: []string{evil, "more at https://fleet.example/notices"}, Own: []string{"https://fleet.example"},
		Blocks: []letters.Block{
			{Text: evil}, {Heading: evil}, {Note: evil}, {Facts: []letters.Fact{{Label: "Reason", Value: evil}}},
			{Table: &letters.Table{Caption: evil, Head: []letters.Head{{Label: "Name"}}, Rows: [][]letters.Cell{{cell}}}},
		},
		Button: letters.Link{Label: "Look", URL: "https://fleet.example/devices"},
	}
	page, err := l.HTML()
	require.NoError(t, err)
	letterstest.SameWords(t, l.Plain(), page)
	link := regexp.MustCompile(`(?i)\w+://[^\s"<]+|\bwww\.|\w@\w|\w\.example`)
	for _, text := range []string{l.Plain(), page} {
		for _, found := range link.FindAllString(text, -1) {
			require.True(t, strings.HasPrefix(found, "https://fleet.example") || found == "fleet.example", found)
		}
	}
	require.Contains(t, l.Plain(), "\n    or www[.]evil[.]example, me[@]evil[.]example\n")
	require.Contains(t, l.Blocks[0].Text, "https://evil.example", "the letter itself stays as it is")
}
