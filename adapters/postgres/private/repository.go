package private

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// mavenCentral is where the archives come from.
const mavenCentral = "https://repo1.maven.org/maven2"

// maxArchive is far more than an archive of PostgreSQL's programs has.
const maxArchive = 512 << 20

// repository hands archives of an upstream repository on to the library, each only with
// the SHA-256 sum that is published beside it: the library takes one that has none.
// What is trusted is that repository, and TLS to it.
type repository struct {
	upstream string
	client   *http.Client

	mu      sync.Mutex
	refused error // the last one
}

// offered offers the repository on this machine, to the library alone and until stop.
func (r *repository) offered() (url string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: r, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	return "http://" + listener.Addr().String(), func() { _ = server.Close() }, nil
}

// ServeHTTP answers with an archive or its sum, once both are there and fit.
func (r *repository) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	path, wantsSum := strings.CutSuffix(request.URL.Path, ".sha256")
	sum, err := r.get(request.Context(), path+".sha256")
	var archive []byte
	if err == nil && !wantsSum {
		if archive, err = r.get(request.Context(), path); err == nil {
			err = fits(archive, sum)
		}
	}
	if err != nil {
		r.mu.Lock()
		r.refused = fmt.Errorf("%s%s: %w", r.upstream, path, err)
		r.mu.Unlock()
		http.Error(w, "refused", http.StatusBadGateway)
		return
	}
	if wantsSum {
		archive = published(sum)
	}
	_, _ = w.Write(archive) //nolint:gosec // an archive or a sum, for the library
}

// err is why something was refused; nil: nothing was.
func (r *repository) err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refused
}

func (r *repository) get(ctx context.Context, path string) (_ []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.upstream+path, http.NoBody) //nolint:gosec // of our own upstream, asked for by the library
	if err != nil {
		return nil, err
	}
	answer, err := r.client.Do(request) //nolint:gosec // as above
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s is answered %s", path[strings.LastIndex(path, "/")+1:], answer.Status)
	}
	return io.ReadAll(io.LimitReader(answer.Body, maxArchive))
}

// published is the sum in hexadecimal digits of a .sha256 file, which may name the file
// after it.
func published(sum []byte) []byte {
	digits, _, _ := strings.Cut(strings.TrimSpace(string(sum)), " ")
	return []byte(strings.ToLower(digits))
}

func fits(archive, sum []byte) error {
	if own := sha256.Sum256(archive); hex.EncodeToString(own[:]) != string(published(sum)) {
		return errors.New("the archive does not have the SHA-256 sum that is published for it")
	}
	return nil
}
