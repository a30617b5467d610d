package person_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/person"
)

var ada = uuid.MustParse("9e250000-0000-4000-8000-000000000001")

func TestGolden(t *testing.T) {
	t.Parallel()
	domaintest.Golden(t, person.Codec, person.PersonUnreadable{Person: ada})
}

func TestAPersonIsGivenUpOnce(t *testing.T) {
	t.Parallel()
	events := person.DecideUnreadable(person.State{}, ada)
	require.Equal(t, []domain.Event{person.PersonUnreadable{Person: ada}}, events)
	require.Empty(t, person.DecideUnreadable(person.Evolve(person.State{}, events[0]), ada))
}
