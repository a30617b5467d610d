package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// operatorToken is the configured operator token, or the one of the data
// folder, made there (mode 0600) at the first start. path is empty for a
// configured one.
func operatorToken(configured, dataDir string) (token, path string, err error) {
	if configured != "" {
		return configured, "", nil
	}
	path = filepath.Join(dataDir, "operator-token")
	text, err := os.ReadFile(path) //nolint:gosec // a file of our own data folder
	if err == nil && strings.TrimSpace(string(text)) != "" {
		return strings.TrimSpace(string(text)), path, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", "", fmt.Errorf("read the operator token: %w", err)
	}
	token = newOperatorToken()
	return token, path, writePrivate(path, token+"\n")
}

// randomText is n random bytes in URL-safe base64.
func randomText(n int) string {
	secret := make([]byte, n)
	_, _ = rand.Read(secret) // never fails, by its documentation
	return base64.RawURLEncoding.EncodeToString(secret)
}

// writePrivate puts text into a file that only its owner may read, whole or
// not at all.
func writePrivate(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	draft := path + ".new"
	if err := os.WriteFile(draft, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(draft, path)
}
