package demo

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// journal keeps what a run was answered, so that the next one goes on where it was
// interrupted: what is in it is not asked again. The one request whose answer may
// be missing is safe to repeat by its idempotency key.
type journal struct {
	mu      sync.Mutex
	file    *os.File
	answers map[string]answer // by key
}

type answer struct {
	Key    string
	Status int
	Header http.Header
	Body   []byte
}

// openJournal reads the journal of a run before, if there is one. What was cut off
// at its end is removed.
func openJournal(path string) (*journal, error) {
	j := &journal{answers: map[string]answer{}}
	text, err := os.ReadFile(path) //nolint:gosec // a file of our own data folder
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the demo's journal: %w", err)
	}
	whole := 0
	for lines := bufio.NewReader(bytes.NewReader(text)); ; {
		line, err := lines.ReadBytes('\n')
		var a answer
		if err != nil || json.Unmarshal(line, &a) != nil {
			break
		}
		whole += len(line)
		j.answers[a.Key] = a
	}
	if j.file, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600); err != nil { //nolint:gosec // as above
		return nil, fmt.Errorf("open the demo's journal: %w", err)
	}
	if err := j.file.Truncate(int64(whole)); err != nil {
		return nil, fmt.Errorf("open the demo's journal: %w", err)
	}
	_, err = j.file.Seek(0, io.SeekEnd)
	return j, err
}

// keep adds an answer.
func (j *journal) keep(a answer) error {
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write the demo's journal: %w", err)
	}
	j.answers[a.Key] = a
	return nil
}

func (j *journal) known(key string) (answer, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	a, ok := j.answers[key]
	return a, ok
}

// once gives a text that is made by the first run.
func (j *journal) once(key string, generate func() (string, error)) (string, error) {
	if a, ok := j.known(key); ok {
		return string(a.Body), nil
	}
	text, err := generate()
	if err != nil {
		return "", err
	}
	return text, j.keep(answer{Key: key, Body: []byte(text)})
}

// key names a request of a step; on each run it is the same.
func key(at time.Time, r *http.Request) (string, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	hash := sha256.New()
	fmt.Fprintf(hash, "%d\n%s\n%s\n", at.Unix(), r.Method, r.URL.RequestURI())
	hash.Write(body)
	return "demo-" + hex.EncodeToString(hash.Sum(nil)[:16]), nil
}

// serve answers from the journal, or has the service answer and keeps that.
func (j *journal) serve(at time.Time, service http.Handler, w http.ResponseWriter, r *http.Request) {
	k, err := key(at, r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	a, known := j.known(k)
	if !known {
		if r.Method != http.MethodGet {
			r.Header.Set("Idempotency-Key", k)
		}
		got := &recorder{answer{Key: k, Header: http.Header{}}}
		service.ServeHTTP(got, r)
		got.WriteHeader(http.StatusOK)
		a = got.answer
		// What is refused or goes on changing is asked again.
		if a.Status < http.StatusBadRequest && !strings.HasPrefix(r.URL.Path, "/v1/operations/") {
			if err := j.keep(a); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		}
	}
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body)
}

// recorder keeps an answer.
type recorder struct{ answer }

func (r *recorder) Header() http.Header { return r.answer.Header }

func (r *recorder) WriteHeader(status int) {
	if r.Status == 0 {
		r.Status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	r.Body = append(r.Body, b...)
	return len(b), nil
}
