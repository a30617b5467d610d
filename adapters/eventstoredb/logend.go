package eventstoredb

import "time"

// overflowDoubt is how long a reader that was too slow is not sure to be at the
// log's end.
const overflowDoubt = time.Second

// logEnd is what a reader knows of having reached the end of the log.
//
// The store says CaughtUp when it has nothing more. It does not say when the
// reader has fallen behind again: the protocol has a message for that, no server
// sends it. A store that cannot get rid of its live events drops them, reads them
// from disk later, and then says CaughtUp once more. So a reader whose queue
// overflows is not sure for a while, unless the store says CaughtUp again: where
// it reads from disk for a slow reader, the queue overflows again within that
// time.
type logEnd struct {
	reached    bool
	doubtUntil time.Time
	untold     bool // no batch has said yet that the end is reached
}

func (e *logEnd) caughtUp() {
	e.untold = e.untold || !e.sure() // the store may say it any number of times
	e.reached, e.doubtUntil = true, time.Time{}
}

func (e *logEnd) fellBehind() { *e = logEnd{} }

func (e *logEnd) overflowed() {
	if e.reached {
		e.doubtUntil, e.untold = time.Now().Add(overflowDoubt), true
	}
}

// sure reports whether the reader is at the end, as far as can be known.
func (e *logEnd) sure() bool { return e.reached && !time.Now().Before(e.doubtUntil) }

// news reports whether a batch is to say that the end is reached.
func (e *logEnd) news() bool { return e.untold && e.sure() }
