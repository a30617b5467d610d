package view

import (
	"time"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// Activation is the page of an invitation.
type Activation struct {
	Frame      Frame
	Token      string
	Invitation openapi.Activation
	Now        time.Time
	Name       string // as it was typed
	Problem    *client.Problem
}

// over reports whether the invitation's time is over.
func (a Activation) over() bool { return !a.Now.Before(a.Invitation.Expires) }

// Forgotten is the page that sends a mail to choose a new password with.
type Forgotten struct {
	Frame   Frame
	Email   string
	Sent    bool
	Problem *client.Problem
}

// Reset is the page that such a mail leads to.
type Reset struct {
	Frame   Frame
	Token   string
	Found   openapi.PasswordReset
	Problem *client.Problem
}

// Confirmation is the page that confirms another e-mail address.
type Confirmation struct {
	Frame   Frame
	Token   string
	Found   openapi.EmailConfirmation
	Problem *client.Problem
}
