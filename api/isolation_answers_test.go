package api_test

import "strings"

// The right answers that many rows have in common. To add a route, copy what
// TestTenantIsolation prints for one without a row. The columns are the callers:
//
//	operator reseller resellerReader customer customerReader stranger auditor signedIn

// seenBy is the right answer for what may be read by whoever sees the account.
var seenBy = map[string]string{
	"reseller": "200 200 200 404 404 404 200 404",
	"customer": "200 200 200 200 200 404 404 200",
	"shown":    "200 200 200 404 404 404 200 404",
	"foreign":  "200 404 404 404 404 200 404 404",
	"missing":  "404 404 404 404 404 404 404 404",
}

// changedBy is that for a change that the profile full allows; manager is the
// answer to one with the profile device-manager.
func changedBy(manager string) map[string]string {
	return map[string]string{
		"reseller": "200 200 403 404 404 404 403 404",
		"customer": "200 200 403 200 403 404 404 " + manager,
		"shown":    "200 403 403 404 404 404 403 404",
		"foreign":  "200 404 404 404 404 200 404 404",
		"missing":  "404 404 404 404 404 404 404 404",
	}
}

// renewedBy is what a renewal of the device would do.
var renewedBy = map[string]string{
	"reseller": "200:renewed 200:ordered 200:ordered 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 403:forbidden 200:refused+device_not_found",
	"customer": "200:renewed 200:ordered 200:ordered 200:ordered 200:ordered 200:refused+device_not_found 403:forbidden 200:ordered",
	"shown":    "200:renewed 200:ordered 200:ordered 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 403:forbidden 200:refused+device_not_found",
	"foreign": "200:renewed 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found " +
		"200:refused+device_not_found 200:ordered 403:forbidden 200:refused+device_not_found",
	"missing": "200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found " +
		"200:refused+device_not_found 200:refused+device_not_found 403:forbidden 200:refused+device_not_found",
}

var (
	everybody = map[string]string{"": alike("200")}
	// What is the operator's in a sandbox is nobody's elsewhere.
	noSandbox    = map[string]string{"": alike("404")}
	operatorOnly = onlyOperator("200")
	measured     = map[string]string{"": strings.Replace(alike("401:unauthenticated"), "401:unauthenticated", "200", 1)}
	actingFor    = []string{"X-Account: {account}"}
)

// onlyOperator is what only the operator may know and do.
func onlyOperator(done string) string {
	return strings.Replace(alike("403:forbidden"), "403:forbidden", done, 1)
}

// usersBy is the right answer for what only an account's administrators may;
// auditor is the answer to its auditors.
func usersBy(done, auditor string) map[string]string {
	return map[string]string{
		"reseller": done + " " + done + " 403 404 404 404 " + auditor + " 404",
		"customer": done + " 403 403 " + done + " 403 404 404 403",
		"shown":    done + " 403 403 404 404 404 " + auditor + " 404",
		"foreign":  done + " 404 404 404 404 " + done + " 404 404",
		"missing":  "404 404 404 404 404 404 404 404",
	}
}

// byCreator is the right answer for what is up to whoever created an account that
// nobody has activated yet. The customer is active by the time its user asks.
func byCreator(done string) map[string]string {
	return map[string]string{
		"reseller": done + " 403 403 404 404 404 403 404",
		"customer": done + " " + done + " 403 403 403 404 404 403",
		"shown":    done + " " + done + " 403 404 404 404 403 404",
		"foreign":  done + " 404 404 404 404 403 404 404",
		"missing":  "404 404 404 404 404 404 404 404",
	}
}

// ownOnly is the right answer where a user's own sessions and tokens are meant:
// only who has signed in has some.
func ownOnly(signedIn string) string { return lastOf(alike("403:session_required"), signedIn) }

// ownOf is ownOnly about the session or token of the user of a thing.
func ownOf(mine string) map[string]string {
	right := map[string]string{}
	for _, thing := range things {
		right[thing] = ownOnly("404")
	}
	right["customer"] = ownOnly(mine)
	return right
}

// alike is the same answer for every caller.
func alike(answer string) string { return strings.TrimSpace(strings.Repeat(answer+" ", len(kinds))) }

func alikeForAll(answer string) map[string]string {
	right := map[string]string{}
	for _, thing := range things {
		right[thing] = alike(answer)
	}
	return right
}

// lastOf puts another answer in the last column.
func lastOf(answers, last string) string {
	return answers[:strings.LastIndex(answers, " ")+1] + last
}
