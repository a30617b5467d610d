package letters

import (
	"strings"
	"unicode"
)

// Whatever a letter says may hold words of others: names, notes, reasons. In a mail of
// the service they could lead people to a page of whoever wrote them. So what looks like
// an address of a page or of a mailbox is written so that no mail program makes a link of
// it: evil.example is evil[.]example, https:// is https[:]// and @ is [@]. It is seen, and
// can be read and typed; characters that are not seen would be the better disguise, and
// mail filters take them for one. Only the buttons are links, and what a letter calls its
// own.

// Quoted is a name within a sentence: one line, with marks where it begins and ends.
func Quoted(name string) string {
	name = strings.Map(func(r rune) rune {
		switch r {
		case '"', '“', '”', '„', '«', '»':
			return '\''
		}
		return r
	}, name)
	return "“" + strings.Join(strings.Fields(strings.Map(shown, name)), " ") + "”"
}

// Harmless is a text of others, for the subject of a mail: one line that has no links.
func Harmless(text string) string {
	return strings.Join(strings.Fields(harmless(text, nil)), " ")
}

// shown drops what has no place in a mail: control characters, and those that turn the
// direction of writing round or are not seen. Joiners within words are needed by some
// scripts.
func shown(r rune) rune {
	const zeroWidthNonJoiner, zeroWidthJoiner = '\u200c', '\u200d'
	switch {
	case r == '\n', r == zeroWidthNonJoiner, r == zeroWidthJoiner:
		return r
	case unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp):
		return ' '
	case unicode.Is(unicode.Cf, r):
		return -1
	}
	return r
}

// harmless is a text without links, but for those of its own.
func harmless(text string, own []string) string {
	text = strings.Map(shown, text)
	var b strings.Builder
	for {
		at, found := len(text), ""
		for _, o := range own {
			if i := strings.Index(text, o); o != "" && i >= 0 && i < at {
				at, found = i, o
			}
		}
		b.WriteString(withoutLinks(text[:at]))
		if found == "" {
			return b.String()
		}
		b.WriteString(found)
		text = text[at+len(found):]
	}
}

func withoutLinks(text string) string {
	runes := []rune(text)
	var b strings.Builder
	for i, r := range runes {
		if linking(runes, i) {
			b.WriteString("[" + string(r) + "]")
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// linking reports whether a character is what makes an address of its neighbours: a dot
// before a word, as in a domain, the colon of a scheme, the @ of a mailbox. "4.16", "J.R."
// and "Mon: 9" are none.
func linking(text []rune, i int) bool {
	if i == 0 || i+1 == len(text) || unicode.IsSpace(text[i-1]) {
		return false
	}
	next := text[i+1]
	switch text[i] {
	case '.', '。', '．', '｡': // all of them are dots in domains
		return unicode.IsLetter(next) && i+2 < len(text) && (unicode.IsLetter(text[i+2]) || unicode.IsDigit(text[i+2]) || text[i+2] == '-' ||
			text[i+2] == '\u200c' || text[i+2] == '\u200d')
	case ':':
		return next == '/' || next == '\\' || !unicode.IsSpace(next) && isScheme(text[:i])
	case '@', '＠':
		return !unicode.IsSpace(next)
	}
	return false
}

// isScheme reports whether a text ends with a scheme that mail programs know without two
// slashes behind it.
func isScheme(text []rune) bool {
	word := string(text[max(0, len(text)-10):])
	if i := strings.LastIndexFunc(word, func(r rune) bool { return !unicode.IsLetter(r) }); i >= 0 {
		word = word[i+1:]
	}
	switch strings.ToLower(word) {
	case "mailto", "tel", "sms", "data", "javascript", "skype", "callto", "facetime":
		return true
	}
	return false
}

// safe is the letter with all its words harmless.
func (l Letter) safe() Letter {
	own := func(text string) string { return harmless(text, l.Own) }
	l.Preview, l.Kicker, l.Title = own(l.Preview), own(l.Kicker), own(l.Title)
	blocks := make([]Block, len(l.Blocks))
	for i, b := range l.Blocks {
		blocks[i] = b.safe(own)
	}
	l.Blocks = blocks
	why := make([]string, len(l.Why))
	for i, w := range l.Why {
		why[i] = own(w)
	}
	l.Why = why
	return l
}

func (b Block) safe(own func(string) string) Block {
	b.Text, b.Heading, b.Note = own(b.Text), own(b.Heading), own(b.Note)
	facts := make([]Fact, len(b.Facts))
	for i, f := range b.Facts {
		facts[i] = Fact{Label: own(f.Label), Value: own(f.Value)}
	}
	b.Facts = facts
	if b.Table == nil {
		return b
	}
	t := Table{Caption: own(b.Table.Caption), Head: b.Table.Head, Rows: make([][]Cell, len(b.Table.Rows))}
	for i, row := range b.Table.Rows {
		for _, c := range row {
			c.Text, c.Below = own(c.Text), own(c.Below)
			t.Rows[i] = append(t.Rows[i], c)
		}
	}
	b.Table = &t
	return b
}
