package eventlog

import (
	"time"
)

// Clock tells the time. Nothing in app or domain reads the machine's clock.
type Clock interface {
	Now() time.Time
}
