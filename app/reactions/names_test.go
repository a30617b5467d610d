package reactions

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A checkpoint of another choice of streams is refused at the start. Whoever
// changes the streams changes the name, too, and both here.
func TestNamesFollowStreams(t *testing.T) {
	t.Parallel()
	follows := map[string][]string{}
	for _, f := range []interface {
		Name() string
		Prefixes() []string
	}{(*Finisher)(nil), (*Mailings)(nil), (*Reserved)(nil)} {
		follows[f.Name()] = f.Prefixes()
	}
	require.Equal(t, map[string][]string{
		"processes_4": {"account-", "auditgrant-", "batch-", "device-", "releases-", "renewalorder-", "reservation-", "user-"},
		"reserved_1":  {"reserved-email-", "reservation-email-"},
		"mailings_3":  {"account-", "renewalorder-", "partnership-", "releases-", "user-"},
	}, follows)
}
