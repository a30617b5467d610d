package forecasts

import (
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Service has the use case of this package. It is safe for concurrent use.
type Service struct {
	access  *access.Control
	reader  query.Reader
	clock   eventlog.Clock
	rules   device.Rules
	windows query.Windows
}

// New makes the service. Windows are the renewal windows.
func New(a *access.Control, reader query.Reader, clock eventlog.Clock, rules device.Rules, windows query.Windows) *Service {
	return &Service{access: a, reader: reader, clock: clock, rules: rules, windows: windows}
}
