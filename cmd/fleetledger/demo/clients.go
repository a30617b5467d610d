package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
)

// session is a user who has signed in on a day.
type session struct {
	began  time.Time
	client *client.Client
}

// client calls the service's own API as anybody else would, without a network
// between.
func (r *run) client(token string) (*client.Client, error) {
	service := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.journal.serve(r.now, r.Handler, w, request)
	})
	return client.New("http://fleetledger", token, client.WithHandler(service))
}

// as is a user who has signed in lately: some things need a fresh sign-in.
func (r *run) as(ctx context.Context, email string) (*client.Client, error) {
	r.mu.Lock()
	s, ok := r.sessions[email]
	r.mu.Unlock()
	if ok && r.now.Sub(s.began) < 9*time.Minute {
		return s.client, nil
	}
	visitor, err := r.client("")
	if err != nil {
		return nil, err
	}
	in, err := visitor.SignIn(ctx, client.SignIn{Email: email, Password: r.password})
	if err != nil {
		return nil, fmt.Errorf("sign in as %s: %w", email, err)
	}
	c, err := r.client(in.JSON201.Token)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sessions[email] = session{r.now, c}
	return c, err
}

// accept does what somebody would do with the mail of an invitation. A run before
// this one may have done it.
func (r *run) accept(ctx context.Context, token, name string) error {
	visitor, err := r.client("")
	if err != nil {
		return err
	}
	invitation, err := visitor.GetActivation(ctx, token)
	if err != nil || invitation.JSON200.Status == client.AccountStatusActive {
		return err
	}
	_, err = visitor.ActivateAccount(ctx, token, client.ActivationRequest{Name: &name, Password: r.password})
	return err
}

// uid is that of an account.
func (r *run) uid(account string) uuid.UUID {
	uid, ok := r.accounts[account]
	if !ok {
		panic("demo: there is no account " + account)
	}
	return uid
}

// administrator is the e-mail address of a customer's first administrator.
func (r *run) administrator(account string) string {
	for _, c := range r.customers {
		if c.name == account {
			return c.email
		}
	}
	panic("demo: there is no customer " + account)
}

// asAdministrator is the first administrator of a customer, signed in.
func (r *run) asAdministrator(ctx context.Context, account string) (*client.Client, error) {
	return r.as(ctx, r.administrator(account))
}

// refusals makes an error of refused items where none were meant to be.
func refusals(result *client.BulkResult) error {
	var refused []error
	for _, item := range result.Results {
		for _, p := range item.Problems {
			refused = append(refused, fmt.Errorf("item %d: %s: %s", item.Index+1, p.Code, p.Detail))
		}
	}
	return errors.Join(refused...)
}
