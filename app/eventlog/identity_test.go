package eventlog

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/domain/domaintest"
)

func TestGolden(t *testing.T) {
	t.Parallel()
	domaintest.Golden(t, identityCodec,
		LogOpened{Log: uuid.MustParse("109a0000-0000-4000-8000-000000000001")},
		LogRestored{Epoch: uuid.MustParse("109a0000-0000-4000-8000-000000000002")},
	)
}

func TestEpochIsInWhatClientsHoldOnTo(t *testing.T) {
	t.Parallel()
	first, later := Epoch{name: "109a0000", first: true}, Epoch{name: "12345678"}
	p := Position{Commit: 12345678, Prepare: 7}
	require.Equal(t, "109a0000-12345678-7", first.Position(p))
	require.Equal(t, "109a0000-3", first.Tag(3))
	require.Equal(t, "12-12", Epoch{}.Position(Position{12, 12}), "no epoch")

	for _, c := range []struct {
		epoch  Epoch
		in     string
		lost   bool
		broken bool
	}{
		{epoch: first, in: "109a0000-12345678-7"},
		{epoch: later, in: "12345678-12345678-7"},
		{epoch: first, in: "12345678-7"}, // of before
		{epoch: Epoch{}, in: "12345678-7"},
		{epoch: later, in: "12345678-7", lost: true}, // though it looks like a name
		{epoch: later, in: "109a0000-12345678-7", lost: true},
		{epoch: first, in: "12345678-12345678-7", lost: true},
		{epoch: later, in: "", broken: true},
		{epoch: later, in: "7", broken: true},
		{epoch: later, in: "109a0000-x-7", broken: true},
		{epoch: later, in: "109A0000-12345678-7", broken: true},
		{epoch: later, in: "1-12345678-7", broken: true},
		{epoch: later, in: "12345678-12345678-7-1", broken: true},
	} {
		got, err := c.epoch.ParsePosition(c.in)
		switch {
		case c.lost:
			require.ErrorIs(t, err, ErrOtherEpoch, c.in)
		case c.broken:
			require.Error(t, err, c.in)
			require.NotErrorIs(t, err, ErrOtherEpoch, c.in)
		default:
			require.NoError(t, err, c.in)
			require.Equal(t, p, got, c.in)
		}
	}

	for _, e := range []Epoch{{}, first, later} {
		require.Equal(t, "0-0", e.Position(Position{}), "the beginning")
		beginning, err := e.ParsePosition("0-0")
		require.NoError(t, err)
		require.Zero(t, beginning)
	}

	for in, lost := range map[string]bool{"12345678-3": false, "3": true, "109a0000-3": true, "109a0000-12345678": true} {
		got, err := later.ParseTag(in)
		if lost {
			require.ErrorIs(t, err, ErrOtherEpoch, in)
			continue
		}
		require.NoError(t, err, in)
		require.Equal(t, Revision(3), got, in)
	}
	got, err := first.ParseTag("12345678")
	require.NoError(t, err)
	require.Equal(t, Revision(12345678), got)
	for _, in := range []string{"", "x", "-3", "12345678-", "12345678-x", "12345678-1-2"} {
		_, err := later.ParseTag(in)
		require.Error(t, err, in)
		require.NotErrorIs(t, err, ErrOtherEpoch, in)
	}
}
