package codes_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/fleetledger/fleetledger/api/codes"
)

// Every code in the source has its entry in the table, of a problem or of a remedy as
// it is used, and the table has no others.
func TestEveryCodeIsExplained(t *testing.T) {
	t.Parallel()
	sections, err := codes.All()
	if err != nil {
		t.Fatal(err)
	}
	explained := map[string]string{} // the kind, by code
	for _, s := range sections {
		kind := "problem"
		if s.Title == codes.Remedies {
			kind = "remedy"
		}
		for _, c := range s.Codes {
			if explained[c.Code] != "" {
				t.Errorf("%s has two entries", c.Code)
			}
			explained[c.Code] = kind
			for _, text := range []string{c.Meaning, c.Cause, c.Remedy} {
				if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "$.") {
					t.Errorf("%s: %q is no sentence", c.Code, text)
				}
			}
		}
	}
	used := declared(t)
	if len(used) < 150 {
		t.Fatalf("only %d codes were found in the source", len(used))
	}
	for code, kind := range used {
		if explained[code] != kind {
			t.Errorf("%s %s is explained as %q", kind, code, explained[code])
		}
	}
	for code := range explained {
		if used[code] == "" {
			t.Errorf("%s is explained, and nothing uses it", code)
		}
	}
}

var (
	codeName = regexp.MustCompile(`^[cC]ode[A-Z]`)
	codeForm = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
)

// declared finds the codes in the source: constants and variables named code..., and
// literals in problems and remedies. The value is the kind.
func declared(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	take := func(kind string, e ast.Expr) {
		if call, ok := e.(*ast.CallExpr); ok && len(call.Args) > 0 { // of the edge: always(status, code)
			e = call.Args[len(call.Args)-1]
		}
		literal, ok := e.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return
		}
		if code, err := strconv.Unquote(literal.Value); err == nil && codeForm.MatchString(code) {
			found[code] = kind
		}
	}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "client"):
			return fs.SkipDir
		case d.IsDir(), !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"), strings.HasSuffix(path, ".gen.go"):
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if codeName.MatchString(name.Name) && i < len(n.Values) {
						take("problem", n.Values[i])
					}
				}
			case *ast.CompositeLit:
				kind := "problem"
				if strings.HasSuffix(nameOf(n.Type), "Remedy") || ofRemedies(n.Elts) {
					kind = "remedy"
				}
				for _, e := range n.Elts {
					if pair, ok := e.(*ast.KeyValueExpr); ok && nameOf(pair.Key) == "Code" {
						take(kind, pair.Value)
					}
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// ofRemedies reports whether a literal without a type stands for a remedy: it has a
// code and a detail only, the code written out.
func ofRemedies(elements []ast.Expr) bool {
	if len(elements) != 2 {
		return false
	}
	pair, ok := elements[0].(*ast.KeyValueExpr)
	if !ok || nameOf(pair.Key) != "Code" {
		return false
	}
	_, literal := pair.Value.(*ast.BasicLit)
	return literal
}
