package jobs

import "time"

// ReadingClock has the database's clock read so often.
func (o Options) ReadingClock(every time.Duration) Options {
	o.clockEvery = every
	return o
}
