package api_test

// orderRows go on with isolationRows: what was ordered, planned and asked for,
// see tenants.submit. Granting comes last, since it changes the devices.
var orderRows = []row{
	{route: "GET /v1/renewals/{id}", send: "/v1/renewals/{renewal}", right: seenBy},
	{route: "GET /v1/renewals", send: "/v1/renewals?device={device}", right: foundBy},
	{route: "GET /v1/renewals", send: "/v1/renewals?device={device}", headers: actingFor, right: foundActingFor},
	{route: "GET /v1/renewals", send: "/v1/renewals?device={device}&asOf=2032-03-14", right: foundBy},
	{route: "GET /v1/allocations", send: "/v1/allocations", headers: actingFor, right: seenBy},
	{route: "POST /v1/renewals/{id}:apply", send: "/v1/renewals/{renewal}:apply?dryRun=true", body: `{}`, right: operatorAlone("200:renewed", "404:order_not_found")},
	{
		route: "POST /v1/renewals/{id}:decline", send: "/v1/renewals/{renewal}:decline?dryRun=true", body: `{"reason":"not paid"}`,
		right: operatorAlone("200", "404:order_not_found"),
	},
	{
		route: "POST /v1/renewals/{id}/reversals", send: "/v1/renewals/{renewal}/reversals?dryRun=true", body: `{"reason":"a mistake"}`,
		right: operatorAlone("409:order_not_applied", "404"),
	},
	{
		route: "POST /v1/renewals/{id}/reversals", send: "/v1/renewals/{resellerRenewal}/reversals?dryRun=true",
		body: `{"devices":["{device}"],"reason":"a mistake"}`,
		right: map[string]string{
			"foreign": "422:device_not_in_order " + forbiddenToAll, "missing": "422:device_not_in_order " + forbiddenToAll,
		},
	},
	{
		route: "POST /v1/renewals/{id}:withdraw", send: "/v1/renewals/{renewal}:withdraw?dryRun=true", body: `{}`,
		right: map[string]string{
			"reseller": "403:order_not_yours 200 200 404 404 404 403:forbidden 404",
			"customer": "403:order_not_yours 403:order_not_yours 403:order_not_yours 200 200 404 403:forbidden 200",
			"shown":    "403:order_not_yours 403:order_not_yours 403:order_not_yours 404 404 404 403:forbidden 404",
			"foreign":  "403:order_not_yours 404 404 404 404 200 403:forbidden 404",
			"missing":  "404 404 404 404 404 404 403:forbidden 404",
		},
	},
	{route: "GET /v1/sandbox/clock", send: "/v1/sandbox/clock", right: noSandbox},
	{route: "POST /v1/sandbox/clock", send: "/v1/sandbox/clock", body: `{"advance":"P1M"}`, right: noSandbox},
	{
		route: "POST /v1/transfer-plans", send: "/v1/transfer-plans", body: `{"from":"{account}","to":"{reseller}","devices":["{device}"]}`,
		right: map[string]string{
			"reseller": "201:refused+target_same 201:refused+target_same 201:refused+target_same+missing_right 404 404 404 403:forbidden 404",
			"customer": "201:transferable 201:transferable 201:refused+missing_right+missing_right 201:refused+missing_right " +
				"201:refused+missing_right+missing_right 404 404 201:refused+missing_right",
			"shown":   "201:transferable 201:refused+missing_right 201:refused+missing_right+missing_right 404 404 404 403:forbidden 404",
			"foreign": "201:refused+not_partnered 404 404 404 404 201:refused+target_unknown+not_partnered 404 404",
			"missing": "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "POST /v1/transfer-plans", send: "/v1/transfer-plans",
		body: `{"from":"{reseller}","to":"{account}","devices":["{resellerDevice}"]}`,
		right: map[string]string{
			"foreign": "201:refused+not_partnered 201:refused+target_unknown+not_partnered " +
				"201:refused+missing_right+target_unknown+not_partnered 404 404 404 403:forbidden 404",
			"missing": "201:refused+target_unknown 201:refused+target_unknown+not_partnered " +
				"201:refused+missing_right+target_unknown+not_partnered 404 404 404 403:forbidden 404",
		},
	},
	{
		route: "POST /v1/transfer-plans", send: "/v1/transfer-plans", body: `{"from":"{customer}","to":"{reseller}","devices":["{device}"]}`,
		right: map[string]string{
			"foreign": "201:refused+not_in_source 201:refused+device_not_found 201:refused+device_not_found+missing_right 201:refused+device_not_found " +
				"201:refused+device_not_found+missing_right 404 404 201:refused+device_not_found",
			"missing": "201:refused+device_not_found 201:refused+device_not_found 201:refused+device_not_found+missing_right 201:refused+device_not_found " +
				"201:refused+device_not_found+missing_right 404 404 201:refused+device_not_found",
		},
	},
	{
		route: "GET /v1/transfer-plans/{id}", send: "/v1/transfer-plans/{plan}", // they belong to who has made them
		right: map[string]string{
			"reseller": "404 200 200 404 404 404 200 404",
			"customer": "404 404 404 200 200 404 404 200",
			"shown":    "404 404 404 404 404 404 200 404",
			"foreign":  "404 404 404 404 404 200 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "POST /v1/transfers", send: "/v1/transfers?dryRun=true", body: `{"planId":"{plan}"}`,
		right: map[string]string{
			"reseller": "404 200:refused+target_unknown+not_partnered 200:refused+changed_since_plan+missing_right+target_unknown+not_partnered 404 404 404 403:forbidden 404",
			"customer": "404 404 404 200:refused+target_unknown+not_partnered 200:refused+changed_since_plan+missing_right+target_unknown+not_partnered 404 404 200:refused+target_unknown+not_partnered",
			"shown":    "404 404 404 404 404 404 403:forbidden 404",
			"foreign":  "404 404 404 404 404 200:refused+target_unknown+not_partnered 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{route: "GET /v1/transfers/{id}", send: "/v1/transfers/{transfer}", right: seenBy},
	{route: "GET /v1/transfers", send: "/v1/transfers?account={account}", right: foundBy},
	{route: "GET /v1/transfers", send: "/v1/transfers", headers: actingFor, right: foundActingFor},
	{route: "GET /v1/transfers", send: "/v1/transfers?device={device}", right: foundBy},
	{
		route: "GET /v1/transfer-plans", send: "/v1/transfer-plans?account={account}&to={asker}", // they belong to who has made them
		right: map[string]string{
			"reseller": "200:0 200:1 200:1 200:0 200:0 200:0 200:1 200:0",
			"customer": "200:0 200:0 200:0 200:1 200:1 200:0 200:0 200:1",
			"shown":    "200:0 200:0 200:0 200:0 200:0 200:0 200:1 200:0",
			"foreign":  "200:0 200:0 200:0 200:0 200:0 200:1 200:0 200:0",
			"missing":  "200:0 200:0 200:0 200:0 200:0 200:0 200:0 200:0",
		},
	},
	{
		route: "GET /v1/transfer-plans", send: "/v1/transfer-plans?to={asker}", headers: actingFor,
		right: map[string]string{
			"reseller": "200:0 200:1 200:1 404 404 404 200:1 404",
			"customer": "200:0 200:0 200:0 200:1 200:1 404 404 200:1",
			"shown":    "200:0 200:0 200:0 404 404 404 200:1 404",
			"foreign":  "200:0 404 404 404 404 200:1 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "POST /v1/transfers/{id}/reversals", send: "/v1/transfers/{transfer}/reversals?dryRun=true",
		body: `{"devices":["{device}"],"reason":"a mistake"}`,
		right: map[string]string{
			"reseller": "200:refused+not_in_transfer 200:refused+not_in_transfer 200:refused+not_in_transfer 404 " +
				"404 404 403:forbidden 404",
			"customer": "200:refused+not_in_transfer 200:refused+not_in_transfer 200:refused+not_in_transfer 200:refused+not_in_transfer " +
				"200:refused+not_in_transfer 404 404 200:refused+not_in_transfer",
			"shown": "200:refused+not_in_transfer 200:refused+not_in_transfer 200:refused+not_in_transfer 404 " +
				"404 404 403:forbidden 404",
			"foreign": "200:refused+not_in_transfer 404 404 404 404 200:refused+not_in_transfer 404 404",
			"missing": "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "POST /v1/transfers/{id}/reversals", send: "/v1/transfers/{resellerTransfer}/reversals?dryRun=true",
		body: `{"devices":["{serial}"],"reason":"a mistake"}`,
		right: map[string]string{
			"foreign": "200:refused+not_in_transfer 200:refused+not_in_transfer 200:refused+not_in_transfer 404 " +
				"404 404 403:forbidden 404",
			"missing": "200:refused+not_in_transfer 200:refused+not_in_transfer 200:refused+not_in_transfer 404 " +
				"404 404 403:forbidden 404",
		},
	},
	{
		route: "GET /v1/release-requests", send: "/v1/release-requests?device={device}", right: foundBy,
	},
	{
		route: "GET /v1/release-requests", send: "/v1/release-requests?role=asker&device={device}",
		right: map[string]string{
			"reseller": "200:1 200:0 403 200:0 403 200:0 200:0 200:0", "foreign": "200:1 200:0 403 200:0 403 200:0 200:0 200:0",
		},
	},
	{
		route: "GET /v1/release-requests", send: "/v1/release-requests?role=holder", headers: actingFor,
		right: map[string]string{
			"reseller": "200:2 200:2 200:2 404 404 404 200:2 404",
			"customer": "200:2 200:2 200:2 200:2 200:2 404 404 200:2",
			"shown":    "200:2 200:2 200:2 404 404 404 200:2 404",
			"foreign":  "200:2 404 404 404 404 200:2 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "POST /v1/release-requests", send: "/v1/release-requests", headers: actingFor,
		body: `{"serialNumber":"{lostSerial}","imei":"{lostIMEI}"}`,
		right: map[string]string{
			"reseller": "201 201 403 404 404 404 403 404",
			"customer": "201 201 403 201 403 404 404 201",
			"shown":    "201 403 403 404 404 404 403 404",
			"foreign":  "201 404 404 404 404 201 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "POST /v1/release-requests", send: "/v1/release-requests", body: `{"serialNumber":"{serial}","imei":"{lostIMEI}"}`,
		right: map[string]string{
			"reseller": "422:account_required 404 403 404 403 404 403:forbidden 404",
			"customer": "422:account_required 404 403 404 403 404 403:forbidden 404",
			"shown":    "422:account_required 404 403 404 403 404 403:forbidden 404",
			"foreign":  "422:account_required 404 403 404 403 404 403:forbidden 404",
			"missing":  "422:account_required 404 403 404 403 404 403:forbidden 404",
		},
	},
	{
		route: "POST /v1/release-requests", send: "/v1/release-requests", body: `{"serialNumber":"{serial}","imei":"{imei}"}`,
		told: "who has the device in hand, with its IMEI, may ask for it",
		right: map[string]string{
			"reseller": "422:account_required 422:own_device 403 201 403 201 403:forbidden 201",
			"customer": "422:account_required 201 403 422:own_device 403 201 403:forbidden 422:own_device",
			"shown":    "422:account_required 201 403 201 403 201 403:forbidden 201",
			"foreign":  "422:account_required 201 403 201 403 422:own_device 403:forbidden 201",
			"missing":  "422:account_required 404 403 404 403 404 403:forbidden 404",
		},
	},
	{route: "GET /v1/release-requests/{id}", send: "/v1/release-requests/{request}", right: seenBy},
	{route: "GET /v1/release-requests/{id}", send: "/v1/release-requests/{request}", headers: actingFor, right: seenBy},
	{route: "POST /v1/release-requests/{id}:deny", send: "/v1/release-requests/{spareRequest}:deny", right: changedBy("200")},
	{route: "POST /v1/release-requests/{id}:grant", send: "/v1/release-requests/{request}:grant", right: changedBy("200")},
}

const forbiddenToAll = "403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden"

// operatorAlone is what only the operator is answered, about what is there and
// what is not; others are told neither.
func operatorAlone(there, missing string) map[string]string {
	answers := map[string]string{"missing": missing + " " + forbiddenToAll}
	for _, thing := range []string{"reseller", "customer", "shown", "foreign"} {
		answers[thing] = there + " " + forbiddenToAll
	}
	return answers
}

// foundBy is how many of a device's renewals somebody is shown, foundActingFor the
// same acting for its account.
var foundBy = map[string]string{
	"reseller": "200:1 200:1 200:1 200:0 200:0 200:0 200:1 200:0",
	"customer": "200:1 200:1 200:1 200:1 200:1 200:0 200:0 200:1",
	"shown":    "200:1 200:1 200:1 200:0 200:0 200:0 200:1 200:0",
	"foreign":  "200:1 200:0 200:0 200:0 200:0 200:1 200:0 200:0",
	"missing":  "200:0 200:0 200:0 200:0 200:0 200:0 200:0 200:0",
}

var foundActingFor = map[string]string{
	"reseller": "200:1 200:1 200:1 404 404 404 200:1 404",
	"customer": "200:1 200:1 200:1 200:1 200:1 404 404 200:1",
	"shown":    "200:1 200:1 200:1 404 404 404 200:1 404",
	"foreign":  "200:1 404 404 404 404 200:1 404 404",
	"missing":  "404 404 404 404 404 404 404 404",
}
