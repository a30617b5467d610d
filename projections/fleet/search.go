package fleet

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/text"
)

// searched is what of a row a search looks through.
func searched(texts ...string) string {
	forms := make([]string, 0, len(texts))
	for _, t := range texts {
		if form := text.Search(t); form != "" {
			forms = append(forms, form)
		}
	}
	return strings.Join(forms, "\n")
}

func searchedPerson(p account.Person) string { return searched(p.Email, p.Name) }

// searchedPeople are persons by their ids, so that one of them can be erased.
func searchedPeople(people []account.Person) map[string]string {
	all := map[string]string{}
	for _, p := range people {
		all[p.ID.String()] = searchedPerson(p)
	}
	return all
}

var likeEscapes = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// searchable is where a search looks.
type searchable struct {
	texts []string // conditions, with %s for the pattern that a text is to be like
	uid   string
	part  bool // a part of the uid will do
}

// uidPart are words that can be a part of a uid and hardly anything else.
var uidPart = regexp.MustCompile("^[0-9a-f-]{8,36}$")

// search leaves the rows that have every word, wherever.
func (l *list) search(search string, in searchable) {
	if !storable(search) {
		l.where = append(l.where, "false")
		return
	}
	for _, word := range text.SearchWords(search) {
		conditions := slices.Clone(in.texts)
		if uid, err := uuid.Parse(word); err == nil {
			conditions = append(conditions, in.uid+" = '"+uid.String()+"'")
		} else if in.part && uidPart.MatchString(word) {
			conditions = append(conditions, in.uid+"::text LIKE %s")
		}
		l.filter("("+strings.Join(conditions, " OR ")+")", "%"+likeEscapes.Replace(word)+"%")
	}
}

// storable reports whether a column can hold a text.
func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
