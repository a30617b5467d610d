// Command docs writes docs.gen.json: the first sentence of the comment of each type that
// may be an event or in one, by package and name. Comments are not in the program otherwise.
package main

import (
	"encoding/json"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"
)

// rooms are the folders whose packages have events, from api/asyncapi.
var rooms = []string{"../../domain", "../../app"}

func main() {
	log.SetFlags(0)
	sentences := map[string]string{}
	for _, room := range rooms {
		if err := filepath.WalkDir(room, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			return read(path, sentences)
		}); err != nil {
			log.Fatal(err)
		}
	}
	out, err := json.MarshalIndent(sentences, "", "  ")
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("docs.gen.json", append(out, '\n'), 0o600); err != nil {
		log.Fatal(err)
	}
}

// read adds the exported types of a file that have JSON names.
func read(path string, sentences map[string]string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		return err
	}
	for _, declaration := range file.Decls {
		group, ok := declaration.(*ast.GenDecl)
		if !ok || group.Tok != token.TYPE {
			continue
		}
		for _, spec := range group.Specs {
			spec := spec.(*ast.TypeSpec)
			comment := spec.Doc
			if comment == nil {
				comment = group.Doc
			}
			if comment == nil || !spec.Name.IsExported() || !hasNames(spec.Type) {
				continue
			}
			sentences[filepath.Base(filepath.Dir(path))+"."+spec.Name.Name] = new(doc.Package).Synopsis(comment.Text())
		}
	}
	return nil
}

// hasNames reports whether a type is a struct with names in JSON.
func hasNames(t ast.Expr) bool {
	s, ok := t.(*ast.StructType)
	if !ok {
		return false
	}
	for _, field := range s.Fields.List {
		if field.Tag != nil && strings.Contains(field.Tag.Value, "json:") {
			return true
		}
	}
	return false
}
