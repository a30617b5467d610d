package devices

import "github.com/fleetledger/fleetledger/domain"

// CodeOwnDevice refuses a release request for a device that the account has. It
// is part of the interface and never changes.
const CodeOwnDevice = "own_device"

var ownDevice = domain.Problem{Code: CodeOwnDevice, Detail: "The device is in this account."}
