package client_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
)

// reader follows the feed. What it makes of events, and the id of the last one that it
// has handled, it keeps together, so that each event is handled once.
type reader struct {
	feed *client.Client
	kept struct { // in a program, tables that a transaction writes
		last uuid.UUID
		ends map[string]string // of the services, by serial number
	}
}

// goOn handles what has happened since the last time, and reports whether that was
// anything.
func (r *reader) goOn(ctx context.Context) (bool, error) {
	wait := 1000 // milliseconds; 25 seconds are more usual
	params := client.ReadEventsParams{Type: &[]string{"Registered", "ServiceRenewed"}, Timeout: &wait}
	if r.kept.last != uuid.Nil {
		params.LastEventId = &r.kept.last
	}
	answer, err := r.feed.ReadEvents(ctx, &params)
	if err != nil {
		return false, err // 410: the log was set back, and the id is of what is lost
	}
	events := *answer.ApplicationcloudeventsBatchJSON200
	for _, e := range events {
		var data struct {
			SerialNumber string
			NewEnd       string
			Service      struct{ End string }
		}
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return false, err
		}
		switch e.Type {
		case "Registered":
			r.kept.ends[data.SerialNumber] = data.Service.End
		case "ServiceRenewed":
			fmt.Println("renewed until", data.NewEnd)
		}
		r.kept.last = e.Id
	}
	return len(events) > 0, nil
}

// A program that keeps up with what happens.
func ExampleClient_ReadEvents() {
	ctx := context.Background()
	account, err := operator.CreateAccount(ctx, nil, client.NewAccount{
		Name: "Dune Haulage", Type: client.Standard, Administrator: client.Administrator{Email: "ed@dune.example"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	dune := service.Client(service.Token(account.JSON201.Uid, ""))
	r := reader{feed: dune}
	r.kept.ends = map[string]string{}

	imei := "004400000000099"
	_, err = dune.RegisterDevices(ctx, nil, client.RegistrationRequest{Items: []client.Registration{{SerialNumber: "LD00000000000009", Imei: &imei}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	some, err := r.goOn(ctx)
	fmt.Println(some, err, r.kept.ends)

	term := "P1Y"
	if _, err = operator.RenewDevices(ctx, nil, client.RenewalRequest{Devices: []string{"LD00000000000009"}, Term: &term}); err != nil {
		fmt.Println(err)
		return
	}
	some, err = r.goOn(ctx)
	fmt.Println(some, err)
	some, err = r.goOn(ctx)
	fmt.Println(some, err)

	// Output:
	// true <nil> map[LD00000000000009:2027-03-15]
	// renewed until 2028-03-15
	// true <nil>
	// false <nil>
}
