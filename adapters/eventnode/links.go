package eventnode

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// resolve finds the event a link points to: its data is "revision@stream". It is
// nil when there is no such event, or no longer.
func (r *reading) resolve(link *record) (*record, error) {
	revision, stream, ok := parseLink(string(link.data))
	if !ok {
		return nil, nil
	}
	last, meta, err := r.state(stream)
	if err != nil || last == tombstoneRevision || revision > last || revision < meta.firstRevision(last) {
		return nil, err
	}
	found, err := r.node.store.read(r.ctx, page{stream: stream, from: revision, to: revision, limit: 1})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

func parseLink(data string) (revision int64, stream string, ok bool) {
	number, stream, ok := strings.Cut(data, "@")
	revision, err := strconv.ParseInt(number, 10, 64)
	ok = ok && err == nil && revision >= 0 && stream != "" && len(stream) <= maxStreamName &&
		utf8.ValidString(stream) && !strings.ContainsRune(stream, 0)
	return revision, stream, ok
}
