package api_test

// deviceRows go on with isolationRows: devices, and what is done with them.
var deviceRows = []row{
	{
		route: "POST /v1/device-registrations", send: "/v1/device-registrations?dryRun=true",
		body: `{"items":[{"serialNumber":"{newSerial}","imei":"{newIMEI}","account":"{account}"}]}`,
		told: "who knows the UID of an account may register into it",
		right: map[string]string{
			"reseller": "200:created 200:created 403 200:refused+target_is_reseller " +
				"403 200:refused+target_is_reseller 403:forbidden 200:refused+target_is_reseller",
			"customer": "200:created 200:created 403 200:created 403 200:refused+target_unknown 403:forbidden 200:created",
			"shown": "200:created 200:created 403 200:refused+target_unknown " +
				"403 200:refused+target_unknown 403:forbidden 200:refused+target_unknown",
			"foreign": "200:created 200:created 403 200:refused+target_unknown " +
				"403 200:created 403:forbidden 200:refused+target_unknown",
			"missing": "200:refused+target_unknown 200:refused+target_unknown 403 200:refused+target_unknown 403 " +
				"200:refused+target_unknown 403:forbidden 200:refused+target_unknown",
		},
	},
	{
		route: "POST /v1/device-registrations", send: "/v1/device-registrations?dryRun=true", headers: actingFor,
		body: `{"items":[{"serialNumber":"{newSerial}","imei":"{newIMEI}"}]}`,
		right: map[string]string{
			"reseller": "200:created 200:created 403 404 404 404 403 404",
			"customer": "200:created 200:created 403 200:created 403 404 404 200:created",
			"shown":    "200:created 403 403 404 404 404 403 404",
			"foreign":  "200:created 404 404 404 404 200:created 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "GET /v1/devices", send: "/v1/devices?account={account}",
		right: map[string]string{
			"reseller": "200:2 200:2 200:2 200:0 200:0 200:0 200:2 200:0",
			"customer": "200:2 200:2 200:2 200:2 200:2 200:0 200:0 200:2",
			"shown":    "200:2 200:2 200:2 200:0 200:0 200:0 200:2 200:0",
			"foreign":  "200:2 200:0 200:0 200:0 200:0 200:2 200:0 200:0",
			"missing":  "200:0 200:0 200:0 200:0 200:0 200:0 200:0 200:0",
		},
	},
	{
		route: "GET /v1/devices", send: "/v1/devices?search={serial}",
		right: map[string]string{
			"reseller": "200:1 200:1 200:1 200:0 200:0 200:0 200:1 200:0",
			"customer": "200:1 200:1 200:1 200:1 200:1 200:0 200:0 200:1",
			"shown":    "200:1 200:1 200:1 200:0 200:0 200:0 200:1 200:0",
			"foreign":  "200:1 200:0 200:0 200:0 200:0 200:1 200:0 200:0",
			"missing":  "200:0 200:0 200:0 200:0 200:0 200:0 200:0 200:0",
		},
	},
	{route: "GET /v1/devices", send: "/v1/devices", headers: actingFor, right: seenBy},
	{route: "GET /v1/devices", send: "/v1/devices?asOf=2032-03-14&sort=serviceEnd&serviceEndFrom=2027-01-01", headers: actingFor, right: seenBy},
	{route: "GET /v1/devices", send: "/v1/devices?limit=5", headers: []string{"X-Account: {account}", "Accept: text/csv"}, right: seenBy},
	{route: "GET /v1/devices/{id}", send: "/v1/devices/{device}", right: seenBy},
	{route: "GET /v1/devices/{id}", send: "/v1/devices/{serial}", right: seenBy},
	{route: "GET /v1/events/{id}/proof", send: "/v1/events/{event}/proof", right: seenBy},
	{route: "GET /v1/audit/export", send: "/v1/audit/export?device={device}", right: seenBy},
	{route: "GET /v1/audit/export", send: "/v1/audit/export?device={serial}&from=2026-01-01", headers: actingFor, right: seenBy},
	{route: "GET /v1/devices/{id}/history", send: "/v1/devices/{device}/history", right: seenBy},
	{route: "GET /v1/devices/{id}:explain", send: "/v1/devices/{device}:explain", right: seenBy},
	{route: "GET /v1/devices/{id}:explain", send: "/v1/devices/{serial}:explain?asOf=2032-03-14", right: seenBy},
	{route: "PATCH /v1/devices/{id}", send: "/v1/devices/{device}", body: `{"labels":["seen"]}`, right: changedBy("200")},
	{route: "PATCH /v1/devices/{id}", send: "/v1/devices/{serial}", body: `{"labels":["read"]}`, right: changedBy("200")},
	{route: "POST /v1/devices/{id}:suspend", send: "/v1/devices/{device}:suspend", right: changedBy("200")},
	{route: "POST /v1/devices/{id}:resume", send: "/v1/devices/{device}:resume", right: changedBy("200")},
	{route: "POST /v1/devices/{id}:retire", send: "/v1/devices/{spare}:retire", right: changedBy("403")},
	{route: "POST /v1/devices/{id}:reinstate", send: "/v1/devices/{spare}:reinstate", body: `{"name":"{unique}"}`, right: changedBy("403")},
	{
		route: "PATCH /v1/devices/{id}", send: "/v1/devices/{device}", body: `{"offer":"basic"}`, fresh: true,
		right: map[string]string{
			"customer": "200 422:order_needed 403 422:order_needed 403 404 404 422:order_needed",
			"shown":    "200 403 403 404 404 404 403 404",
		},
	},
	{
		route: "POST /v1/transfers", send: "/v1/transfers?dryRun=true",
		body: `{"from":"{account}","to":"{reseller}","devices":["{device}"]}`,
		right: map[string]string{
			"reseller": "200:refused+target_same 200:refused+target_same 200:refused+target_same+missing_right 404 404 404 403:forbidden 404",
			"customer": "200:transferred 200:transferred 200:refused+missing_right+missing_right 200:refused+missing_right " +
				"200:refused+missing_right+missing_right 404 404 200:refused+missing_right",
			"shown":   "200:transferred 200:refused+missing_right 200:refused+missing_right+missing_right 404 404 404 403:forbidden 404",
			"foreign": "200:refused+not_partnered 404 404 404 404 200:refused+target_unknown+not_partnered 404 404",
			"missing": "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "POST /v1/transfers", send: "/v1/transfers?dryRun=true",
		body: `{"from":"{reseller}","to":"{account}","devices":["{resellerDevice}"]}`,
		right: map[string]string{
			"reseller": "200:refused+target_same 200:refused+target_same 200:refused+target_same+missing_right 404 404 404 403:forbidden 404",
			"customer": "200:transferred 200:transferred 200:refused+missing_right 404 404 404 403:forbidden 404",
			"shown":    "200:transferred 200:transferred 200:refused+missing_right 404 404 404 403:forbidden 404",
			"foreign": "200:refused+not_partnered 200:refused+target_unknown+not_partnered " +
				"200:refused+missing_right+target_unknown+not_partnered 404 404 404 403:forbidden 404",
			"missing": "200:refused+target_unknown 200:refused+target_unknown+not_partnered " +
				"200:refused+missing_right+target_unknown+not_partnered 404 404 404 403:forbidden 404",
		},
	},
	{
		route: "POST /v1/transfers", send: "/v1/transfers?dryRun=true",
		body: `{"from":"{customer}","to":"{reseller}","devices":["{device}"]}`,
		right: map[string]string{
			"foreign": "200:refused+not_in_source 200:refused+device_not_found 200:refused+device_not_found+missing_right 200:refused+device_not_found " +
				"200:refused+device_not_found+missing_right 404 404 200:refused+device_not_found",
			"missing": "200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found+missing_right 200:refused+device_not_found " +
				"200:refused+device_not_found+missing_right 404 404 200:refused+device_not_found",
		},
	},
	{
		route: "POST /v1/device-changes", send: "/v1/device-changes?dryRun=true", body: `{"action":"suspend","devices":["{device}"]}`,
		right: map[string]string{
			"reseller": "200:changed 200:changed 200:refused+missing_right 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 403:forbidden 200:refused+device_not_found",
			"customer": "200:changed 200:changed 200:refused+missing_right 200:changed 200:refused+missing_right 200:refused+device_not_found 403:forbidden 200:changed",
			"shown": "200:changed 200:refused+missing_right 200:refused+missing_right 200:refused+device_not_found 200:refused+device_not_found " +
				"200:refused+device_not_found 403:forbidden 200:refused+device_not_found",
			"foreign": "200:changed 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:changed 403:forbidden 200:refused+device_not_found",
			"missing": "200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 403:forbidden 200:refused+device_not_found",
		},
	},
	{
		route: "POST /v1/device-changes", send: "/v1/device-changes?dryRun=true", body: `{"action":"retire","devices":["{device}"]}`,
		right: map[string]string{
			"reseller": "200:changed 200:changed 200:refused+missing_right 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 403:forbidden 200:refused+device_not_found",
			"customer": "200:changed 200:changed 200:refused+missing_right 200:changed 200:refused+missing_right 200:refused+device_not_found 403:forbidden 200:refused+missing_right",
			"shown": "200:changed 200:refused+missing_right 200:refused+missing_right 200:refused+device_not_found 200:refused+device_not_found " +
				"200:refused+device_not_found 403:forbidden 200:refused+device_not_found",
			"foreign": "200:changed 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:changed 403:forbidden 200:refused+device_not_found",
			"missing": "200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 403:forbidden 200:refused+device_not_found",
		},
	},
	{route: "POST /v1/renewals", send: "/v1/renewals?dryRun=true", body: `{"devices":["{device}"],"term":"P1Y"}`, right: renewedBy},
	{route: "POST /v1/renewal-previews", send: "/v1/renewal-previews", body: `{"devices":["{device}"],"term":"P1Y"}`, right: renewedBy},
	{
		route: "POST /v1/allocations", send: "/v1/allocations", body: `{"device":"{device}","term":"P5Y"}`, fresh: true,
		right: map[string]string{
			"customer": "201 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
			"foreign":  "201 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
			"missing":  "404 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
		},
	},
	{
		route: "GET /v1/operations", send: "/v1/operations",
		right: map[string]string{"": "200:0 200:1 200:1 200:1 200:1 200:1 200:2 200:1"},
	},
	{
		route: "GET /v1/operations/{id}", send: "/v1/operations/{operation}", // they belong to who has sent them
		right: map[string]string{
			"reseller": "200 200 200 404 404 404 200 404",
			"customer": "200 404 404 200 200 404 404 200",
			"shown":    "200 404 404 404 404 404 200 404",
			"foreign":  "200 404 404 404 404 200 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "GET /v1/operations/{id}/results", send: "/v1/operations/{operation}/results",
		right: map[string]string{
			"reseller": "200 200 200 404 404 404 200 404",
			"customer": "200 404 404 200 200 404 404 200",
			"shown":    "200 404 404 404 404 404 200 404",
			"foreign":  "200 404 404 404 404 200 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
}
