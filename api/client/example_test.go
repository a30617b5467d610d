package client_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
)

// service is the real one; operator and reseller are clients of it.
var (
	service            *apitest.Service
	operator, reseller *client.Client
)

func TestMain(m *testing.M) {
	os.Exit(apitest.Main(m, func(t testing.TB) {
		service = apitest.Start(t)
		operator = service.Client(apitest.OperatorToken)
		account := client.NewAccount{Name: "Northwind", Type: client.Reseller}
		account.Administrator.Email = "ada@northwind.example"
		created, err := operator.CreateAccount(t.Context(), nil, account)
		if err != nil {
			t.Fatal(err)
		}
		reseller = service.Client(service.Token(created.JSON201.Uid, ""))
	}))
}

// A customer is created, gets a device, and stands on the Customers page.
func Example() {
	ctx := context.Background()
	alder, err := reseller.CreateCustomer(ctx, nil, client.NewCustomer{
		Name: "Alder", Administrator: client.Administrator{Email: "bo@alder.example"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	account, imei := alder.JSON201.Uid.String(), "004400000000016"
	registered, err := reseller.RegisterDevices(ctx, nil, client.RegistrationRequest{Items: []client.Registration{
		{SerialNumber: "LD00000000000001", Imei: &imei, Account: &account},
		{SerialNumber: "LD00000000000002", Account: &account},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range registered.JSON200.Results {
		fmt.Println(*r.SerialNumber, r.Outcome)
		for _, p := range r.Problems {
			fmt.Println(" ", p.Code)
		}
	}

	// The read waits for what was written: no need to ask twice.
	customers, err := reseller.ListCustomers(ctx, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range customers.JSON200.Items {
		fmt.Println(c.Name, c.TotalSystems, *c.InitialRenewal)
	}

	// Output:
	// LD00000000000001 created
	// LD00000000000002 refused
	//   factor_missing
	// Alder 1 2027-03-15
}

// What the service says no with is an error that has a code.
func ExampleProblem() {
	_, err := reseller.GetDevice(context.Background(), "LD99999999999999", nil)
	if problem, ok := errors.AsType[*client.Problem](err); ok {
		fmt.Println(problem.Status, problem.Code, problem.Passing())
	}
	// Output: 404 not_found false
}

// A write that carries a key may be repeated: it is carried out once.
func ExampleClient_CreateCustomer() {
	key := uuid.NewString()
	for range 2 {
		created, err := reseller.CreateCustomer(context.Background(), &client.CreateCustomerParams{IdempotencyKey: &key}, client.NewCustomer{
			Name: "Beacon", Administrator: client.Administrator{Email: "cy@beacon.example"},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(created.Status, created.JSON201.Status, created.Header.Get("Idempotent-Replayed") != "")
	}
	// Output:
	// 201 pending false
	// 201 pending true
}

// What is no JSON is sent and read as it is.
func ExampleClient_RegisterDevicesWithBody() {
	file := "GATEWAY[SERIAL NUMBER],GATEWAY[IMEI],NAME\nLD00000000000007,004400000000073,gate\n"
	dry := true
	registered, err := reseller.RegisterDevicesWithBody(context.Background(), &client.RegisterDevicesParams{DryRun: &dry}, "text/csv", strings.NewReader(file))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(registered.JSON200.DryRun, *registered.JSON200.Summary.Created)
	// Output: true 1
}

// One client's read can wait for another one's write.
func ExampleClient_After() {
	ctx := context.Background()
	contact, err := operator.CreateAccount(ctx, nil, client.NewAccount{
		Name: "Contoso", Type: client.Standard, Administrator: client.Administrator{Email: "di@contoso.example"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	another := service.Client(service.Token(contact.JSON201.Uid, ""))
	another.After(operator.Position())
	account, err := another.GetAccount(ctx, contact.JSON201.Uid, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(account.JSON200.Name)
	// Output: Contoso
}
