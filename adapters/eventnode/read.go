package eventnode

import (
	"context"
	"math"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// Pages grow while events are small, so that a page holds about a megabyte.
const (
	pageFirst  = 64
	pageMax    = 1024
	pageTarget = 1 << 20
)

// reading is one Read call.
type reading struct {
	node       *Node
	ctx        context.Context
	call       streams.Streams_ReadServer
	options    *streams.ReadReq_Options
	filter     *filter
	uuidString bool
	limit      int // of the next page
}

// Read serves plain reads and subscriptions, of one stream or of $all.
func (s *streamsServer) Read(req *streams.ReadReq, call streams.Streams_ReadServer) error {
	o := req.GetOptions()
	if o == nil {
		return errUnreadable
	}
	f, err := parseFilter(o)
	if err != nil {
		return invalid("%s", err)
	}
	r := &reading{
		node: s.node, ctx: call.Context(), call: call, options: o, filter: f,
		uuidString: o.GetUuidOption().GetString_() != nil, limit: pageFirst,
	}
	subscribe := o.GetSubscription() != nil
	if _, counted := o.GetCountOption().(*streams.ReadReq_Options_Count); !counted && !subscribe {
		return invalid("a read needs a count or a subscription")
	}
	if subscribe && r.backwards() {
		return invalid("a subscription cannot go backwards")
	}
	switch {
	case o.GetAll() != nil && subscribe:
		return r.subscribeAll()
	case o.GetAll() != nil:
		return r.readAll()
	case o.GetStream() != nil && f != nil:
		return invalid("only $all can be filtered")
	case o.GetStream() == nil:
		return invalid("a read needs a stream or $all")
	}
	stream, err := streamName(o.GetStream().GetStreamIdentifier())
	if err != nil {
		return invalid("%s", err)
	}
	if subscribe {
		return r.subscribeStream(stream)
	}
	return r.readStream(stream)
}

func (r *reading) backwards() bool {
	return r.options.GetReadDirection() == streams.ReadReq_Options_Backwards
}

// state is the end of a stream and the metadata that limits what is seen of it.
func (r *reading) state(stream string) (last int64, meta streamMeta, err error) {
	original := stream
	if isMetaStream(stream) {
		original = originalStreamOf(stream)
	}
	state, metaState, err := r.node.store.state(r.ctx, original)
	switch {
	case err != nil || state.last == tombstoneRevision:
		return state.last, streamMeta{}, err
	case original != stream:
		return metaState.last, metaStreamMeta, nil
	case state.last == noStream:
		return noStream, streamMeta{}, nil
	}
	return state.last, metaState.meta, nil
}

func (r *reading) readStream(stream string) error {
	last, meta, err := r.state(stream)
	switch {
	case err != nil:
		return failed(err)
	case last == tombstoneRevision:
		return errStreamDeleted(r.ctx, stream)
	case last == noStream || meta.softDeleted():
		return r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{
			StreamNotFound: &streams.ReadResp_StreamNotFound{
				StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(stream)},
			},
		}})
	}
	p := page{stream: stream, to: last, backwards: r.backwards(), oldest: meta.oldest(time.Now())}
	first := meta.firstRevision(last)
	start := startRevision(r.options.GetStream(), p.backwards)
	positions := r.options.GetControlOption().GetCompatibility() >= 1
	if p.backwards {
		p.from, p.to = first, min(start, last)
	} else {
		p.from = max(start, first)
		if visible := min(p.from, last+1); positions && visible != start {
			if err := r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_FirstStreamPosition{FirstStreamPosition: uint64(visible)}}); err != nil {
				return err
			}
		}
	}
	if err := r.sendPages(p, r.options.GetCount()); err != nil {
		return err
	}
	if positions {
		return r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_LastStreamPosition{LastStreamPosition: uint64(last)}})
	}
	return nil
}

// startRevision is where a plain read of a stream begins, inclusive.
func startRevision(o *streams.ReadReq_Options_StreamOptions, backwards bool) int64 {
	switch v := o.GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_Revision:
		return int64(min(v.Revision, math.MaxInt64))
	case *streams.ReadReq_Options_StreamOptions_End:
		return math.MaxInt64
	case *streams.ReadReq_Options_StreamOptions_Start:
		return 0
	}
	if backwards {
		return math.MaxInt64
	}
	return 0
}

func (r *reading) readAll() error {
	p := page{to: r.node.tail.last(), backwards: r.backwards()}
	if p.backwards {
		p.from, p.to = 1, beforePosition(r.options.GetAll(), p.to)
	} else {
		p.from = fromPosition(r.options.GetAll())
	}
	return r.sendPages(p, r.options.GetCount())
}

// sendPages sends up to count events of the range that pass the filter.
func (r *reading) sendPages(p page, count uint64) error {
	for count > 0 && p.from <= p.to {
		p.limit = r.limit
		if r.filter == nil {
			p.limit = int(min(uint64(p.limit), count))
		}
		records, err := r.node.store.read(r.ctx, p)
		if err != nil {
			return failed(err)
		}
		for _, rec := range records {
			sent, err := r.send(rec)
			if err != nil {
				return err
			}
			if sent {
				if count--; count == 0 {
					return nil
				}
			}
		}
		if len(records) < p.limit {
			return nil
		}
		r.adapt(records)
		p.continueAfter(records[len(records)-1])
	}
	return nil
}

// continueAfter narrows the range to what follows the record.
func (p *page) continueAfter(rec *record) {
	at := rec.position
	if p.stream != "" {
		at = rec.revision
	}
	if p.backwards {
		p.to = at - 1
	} else {
		p.from = at + 1
	}
}

// adapt chooses the next page's length from the size of the events seen.
func (r *reading) adapt(records []*record) {
	bytes := 0
	for _, rec := range records {
		bytes += rec.size()
	}
	r.limit = min(max(pageTarget/(bytes/len(records)), 1), min(4*r.limit, pageMax))
}

// send sends the event when it passes the filter, resolving a link if asked to.
func (r *reading) send(rec *record) (sent bool, err error) {
	ok, err := r.filter.allows(rec)
	if err != nil {
		return false, invalid("the filter: %s", err)
	}
	if !ok {
		return false, nil
	}
	event, link := rec, (*record)(nil)
	if r.options.GetResolveLinks() && rec.typ == typeLink {
		target, isLink, err := r.resolve(rec)
		if err != nil {
			return false, failed(err)
		}
		if isLink {
			event, link = target, rec
		}
	}
	return true, r.call.SendMsg(readEventFrame(event, link, r.uuidString))
}

// fromPosition is where a plain forward read of $all begins, inclusive. Positions
// are pairs; here both halves are equal, but clients may hold others: a checkpoint
// of the real server has prepare 0.
func fromPosition(o *streams.ReadReq_Options_AllOptions) int64 {
	switch v := o.GetAllOption().(type) {
	case *streams.ReadReq_Options_AllOptions_Position:
		if v.Position.GetCommitPosition() == math.MaxUint64 {
			return math.MaxInt64
		}
		at := clampPosition(v.Position.GetCommitPosition())
		if clampPosition(v.Position.GetPreparePosition()) > at {
			at++
		}
		return at
	case *streams.ReadReq_Options_AllOptions_End:
		return math.MaxInt64
	default:
		return 1
	}
}

// beforePosition is where a backward read of $all begins, inclusive.
func beforePosition(o *streams.ReadReq_Options_AllOptions, head int64) int64 {
	if _, ok := o.GetAllOption().(*streams.ReadReq_Options_AllOptions_Position); ok {
		return min(fromPosition(o)-1, head)
	}
	if o.GetEnd() != nil {
		return head
	}
	return 0
}

func clampPosition(p uint64) int64 { return int64(min(p, math.MaxInt64-1)) }
