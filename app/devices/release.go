package devices

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/release"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Release is a release request. For the account that asked, Owner is uuid.Nil:
// it is not told who has the device.
type Release struct {
	release.Request
	Owner       uuid.UUID
	Reason      string
	RequestedAt time.Time
	AnsweredAt  time.Time // zero while open
	Position    eventlog.Position
}

// release is what granting the request does to the device.
func (r Release) release() device.Release {
	return device.Release{Request: r.Request.Request, Owner: r.Owner, To: r.Requester, ByItself: r.ByItself}
}

// ReleaseRequest is one request, for the account that it went to, with
// devices.read, and for the one that asked, with devices.register; for auditors
// of either. For everybody else it is query.ErrNotFound.
func (s *Service) ReleaseRequest(ctx context.Context, caller access.Caller, id uuid.UUID) (Release, error) {
	return s.releaseFor(ctx, s.access.Request(caller), id)
}

func (s *Service) releaseFor(ctx context.Context, req *access.Request, id uuid.UUID) (Release, error) {
	r, err := s.findRelease(ctx, id)
	if err != nil {
		return Release{}, err
	}
	for _, side := range []struct {
		account uuid.UUID
		right   rights.Right
	}{{r.Owner, rights.DevicesRead}, {r.Requester, rights.DevicesRegister}} {
		if req.Caller.Auditor() {
			side.right = rights.DevicesRead
		}
		set, err := req.In(ctx, side.account)
		if err != nil {
			return Release{}, err
		}
		if !set.Has(side.right) || !req.Caller.ActsFor(side.account) {
			continue
		}
		if side.account == r.Requester {
			r.Owner = uuid.Nil
		}
		return r, nil
	}
	return Release{}, query.ErrNotFound
}

// findRelease finds a request through the account that it went to, whoever asks.
func (s *Service) findRelease(ctx context.Context, id uuid.UUID) (Release, error) {
	address, err := eventlog.Load(ctx, s.executor.Log, release.AddressAggregate, id)
	if err != nil || address.State == uuid.Nil {
		return Release{}, access.OrNotFound(err)
	}
	all, _, err := s.releasesOf(ctx, address.State)
	i := slices.IndexFunc(all, func(r Release) bool { return r.Request.Request == id })
	if err != nil || i < 0 {
		return Release{}, access.OrNotFound(err)
	}
	return all[i], nil
}

// releasesOf are the requests to an account, oldest first.
func (s *Service) releasesOf(ctx context.Context, owner uuid.UUID) ([]Release, eventlog.Position, error) {
	l, err := eventlog.Load(ctx, s.executor.Log, release.Aggregate, owner)
	if err != nil {
		return nil, l.Position, err
	}
	made, answered := map[uuid.UUID]eventlog.Recorded{}, map[uuid.UUID]eventlog.Recorded{}
	for _, e := range l.Events {
		switch event := e.Event.(type) {
		case release.ReleaseRequested:
			made[event.Request] = e
		case release.ReleaseRequestGranted:
			answered[event.Request] = e
		case release.ReleaseRequestDenied:
			answered[event.Request] = e
		case release.ReleaseRequestEnded:
			answered[event.Request] = e
		}
	}
	all := make([]Release, len(l.State.Requests))
	for i, r := range l.State.Requests {
		request, answer := made[r.Request], answered[r.Request]
		all[i] = Release{
			Request: r, Owner: owner, Reason: request.Metadata.Reason, RequestedAt: request.Metadata.OccurredAt.UTC(),
			AnsweredAt: answer.Metadata.OccurredAt.UTC(), Position: request.Position,
		}
		if all[i].Position.Before(answer.Position) {
			all[i].Position = answer.Position
		}
	}
	return all, l.Position, nil
}
