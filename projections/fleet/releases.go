package fleet

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/release"
)

// releases is one batch's work on requests to release devices. A stream has those
// to one account.
type releases struct{ statements }

func (*releases) add(e eventlog.Recorded) error { return inStream(e, releasesPrefix) }

func (r *releases) fold(e eventlog.Recorded) time.Time {
	switch event := e.Event.(type) {
	case release.ReleaseRequested:
		owner, _ := uidOf(e.Stream, releasesPrefix) // add has checked it
		r.queue(`INSERT INTO release_requests VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
			[16]byte(event.Request), [16]byte(owner), [16]byte(event.Requester), [16]byte(event.Device), event.SerialNumber,
			e.Metadata.Reason, e.Metadata.OccurredAt, string(release.Open))
	case release.ReleaseRequestGranted:
		r.answered(event.Request, release.Granted, e)
	case release.ReleaseRequestDenied:
		r.answered(event.Request, release.Denied, e)
	case release.ReleaseRequestEnded:
		r.answered(event.Request, release.Ended, e)
	}
	return e.Metadata.OccurredAt.UTC()
}

func (r *releases) answered(request uuid.UUID, answer release.Answer, e eventlog.Recorded) {
	r.queue(`UPDATE release_requests SET status = $2, answered_at = $3 WHERE uid = $1`, [16]byte(request), string(answer), e.Metadata.OccurredAt)
}
