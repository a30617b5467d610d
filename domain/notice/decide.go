package notice

import (
	"encoding/json"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// maxEvent is the size in bytes from which the list of devices goes on in another
// event. An append takes not much more than twice that.
const maxEvent = 400_000

// List is what the events of a list of devices are, each for an append of its own.
func List(notice uuid.UUID, lines []Line) []NoticeDevicesListed {
	var chunks []NoticeDevicesListed
	chunk, size := NoticeDevicesListed{Notice: notice}, 0
	for i, l := range lines {
		data, _ := json.Marshal(l) // plain values
		if size += len(data); size > maxEvent && len(chunk.Devices) > 0 {
			chunks, size = append(chunks, chunk), len(data)
			chunk = NoticeDevicesListed{Notice: notice, First: i}
		}
		chunk.Devices = append(chunk.Devices, l)
	}
	return append(chunks, chunk)
}

// DecideList decides to list devices. A notice that exists is unchanged.
func DecideList(s State, listed NoticeDevicesListed) ([]domain.Event, error) {
	if s.Exists() {
		return nil, nil
	}
	return []domain.Event{listed}, nil
}

// DecidePrepare decides that the notice is as it was listed, the last devices of
// which come with it. One that exists is unchanged.
func DecidePrepare(s State, last NoticeDevicesListed, prepared NoticePrepared) ([]domain.Event, error) {
	if s.Exists() {
		return nil, nil
	}
	return []domain.Event{last, prepared}, nil
}

// DecideSkip decides that there is no notice. One that exists is unchanged.
func DecideSkip(s State, skipped NoticeSkipped) ([]domain.Event, error) {
	if s.Exists() {
		return nil, nil
	}
	return []domain.Event{skipped}, nil
}

// DecideDelivered records what became of mails, as far as that is news. queued:
// all were handed over.
func DecideDelivered(s State, done map[uuid.UUID]Delivered, queued bool) ([]domain.Event, error) {
	var events []domain.Event
	sent := NoticeSent{Notice: s.Notice}
	for _, r := range s.Pending() {
		switch d, ok := done[r.Mail]; {
		case ok && d.Failed != "":
			events = append(events, NoticeFailed{Notice: s.Notice, Mail: r.Mail, Reason: d.Failed})
		case ok:
			sent.Mails = append(sent.Mails, r.Mail)
		}
	}
	if len(sent.Mails) > 0 {
		events = append(events, sent)
	}
	if queued && !s.Queued {
		events = append(events, NoticeQueued{Notice: s.Notice})
	}
	return events, nil
}

// DecideAcknowledge decides that devices were seen, all of the notice when none are
// named. Those that were seen before are unchanged.
func DecideAcknowledge(s State, devices []uuid.UUID) ([]domain.Event, error) {
	switch {
	case !s.Exists():
		return nil, domain.Refuse(notFound())
	case s.Skipped != "":
		return nil, domain.Refuse(skipped())
	}
	if devices == nil {
		for _, l := range s.Lines {
			devices = append(devices, l.Device)
		}
	}
	seen := NoticeAcknowledged{Notice: s.Notice}
	var problems []domain.Problem
	for _, d := range devices {
		if _, ok := s.Line(d); !ok {
			problems = append(problems, notInNotice(d))
		} else if !s.Seen[d] {
			seen.Devices = append(seen.Devices, d)
		}
	}
	if len(problems) > 0 || len(seen.Devices) == 0 {
		return nil, domain.Refuse(problems...)
	}
	return []domain.Event{seen}, nil
}
