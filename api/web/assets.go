package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// assets are the files that pages load, under names that tell their content: a
// browser keeps them for good.
type assets struct {
	names map[string]string // the fingerprinted name of each
	files map[string][]byte // by fingerprinted name
}

func loadAssets() (assets, error) {
	a := assets{names: map[string]string{}, files: map[string][]byte{}}
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		return a, fmt.Errorf("web: assets: %w", err)
	}
	for _, e := range entries {
		content, err := assetFiles.ReadFile(path.Join("assets", e.Name()))
		if err != nil {
			return a, fmt.Errorf("web: assets: %w", err)
		}
		sum := sha256.Sum256(content)
		base, extension, _ := strings.Cut(e.Name(), ".")
		name := base + "-" + hex.EncodeToString(sum[:6]) + "." + extension
		a.names[e.Name()], a.files[name] = name, content
	}
	return a, nil
}

// url is where an asset is.
func (a assets) url(name string) string { return "/assets/" + a.names[name] }

// serve answers with a file by its fingerprinted name.
func (a assets) serve(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	content, ok := a.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(content) // the reader may be gone
}
