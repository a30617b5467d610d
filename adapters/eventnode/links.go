package eventnode

import (
	"strconv"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
)

// resolve finds the event that a record of type "$>" points to by its data,
// "revision@stream". The event is nil when the stream does not show it, or no
// longer. Data that does not begin with a number makes the record no link at
// all: isLink is false then.
func (r *reading) resolve(rec *record) (event *record, isLink bool, err error) {
	revision, stream, isLink := parseLink(string(rec.data))
	if !isLink {
		return nil, false, nil
	}
	if _, err := streamName(&shared.StreamIdentifier{StreamName: []byte(stream)}); err != nil {
		return nil, true, nil //nolint:nilerr // no stream has such a name: the link points to nothing
	}
	last, meta, err := r.state(stream)
	if err != nil || last == tombstoneRevision || revision > last || revision < max(meta.firstRevision(last), 0) {
		return nil, true, err
	}
	found, err := r.node.store.read(r.ctx, page{
		stream: stream, from: revision, to: revision, oldest: meta.oldest(time.Now()), limit: 1,
	})
	if err != nil || len(found) == 0 {
		return nil, true, err
	}
	return found[0], true, nil
}

// parseLink takes the data of a link apart. As on the real server the number
// alone decides whether it is one.
func parseLink(data string) (revision int64, stream string, isLink bool) {
	number, stream, _ := strings.Cut(data, "@")
	revision, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	return revision, stream, err == nil
}
