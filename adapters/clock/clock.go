// Package clock tells the time to the use cases.
package clock

import (
	"sync/atomic"
	"time"
)

// System is the machine's clock.
type System struct{}

// Now is the present instant in UTC.
func (System) Now() time.Time { return time.Now().UTC() }

// Shifted is the machine's clock moved by an offset that can be set while the
// service runs. The demo makes its past with it.
type Shifted struct{ offset atomic.Int64 }

// Shift sets the offset to the machine's clock; negative is the past.
func (s *Shifted) Shift(d time.Duration) { s.offset.Store(int64(d)) }

// Offset is how far the clock is ahead of the machine's.
func (s *Shifted) Offset() time.Duration { return time.Duration(s.offset.Load()) }

// Now is the present instant plus the offset, in UTC.
func (s *Shifted) Now() time.Time { return time.Now().Add(time.Duration(s.offset.Load())).UTC() }
