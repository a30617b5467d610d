package view

import (
	"strings"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// securityReasons are the reasons of entries, for people: what signed somebody in, and the
// events that entries are made of. Those that only say what the kind says have none.
var securityReasons = map[string]string{
	"password": "with the password", "issuer": "at the issuer", "second_step": "with a second factor",
	"operator_token": "with the operator's token", "audit_token": "with an auditor's token",

	"UserInvited": "invited", "UserActivated": "accepted the invitation", "ProfilesAssigned": "has other profiles",
	"EmailChanged": "has another e-mail address", "AccessWithdrawn": "deactivated", "AccessRestored": "reactivated",
	"AdministratorNamed": "named as administrator", "AdministratorJoined": "became an administrator",
	"AdministratorRemoved": "is no administrator any more",

	"SessionLifetimeSet": "how long sessions last", "SessionIdleTimeSet": "how long sessions may be unused",
	"SecondFactorRequirementSet": "whether a second factor is required", "IssuerRequirementSet": "whether the issuer is required",
	"PasswordLengthSet": "how long passwords are", "AddressRangesSet": "addresses that are admitted",

	"ProfileDefined": "a profile was defined", "ProfileRightsAssigned": "a profile has other rights", "ProfileRemoved": "a profile was removed",
	"PartnershipEstablished": "a partner was added", "PartnerProfileAssigned": "a partner has another profile",
	"PartnershipEnded": "a partnership ended", "AuditGranted": "an auditor may read", "AuditGrantRevoked": "an auditor may not read any more",

	"PasswordChanged": "", "PasswordResetRequested": "", "SecondFactorAdded": "", "SecondFactorRemoved": "", "SecondFactorsReset": "",
	"RecoveryCodesReplaced": "", "RecoveryCodeUsed": "",
}

// securityReason is why an entry was made, in words. A refusal names the right that was
// missing, a token what it is.
func securityReason(e openapi.SecurityEntry) string {
	if words, ok := securityReasons[e.Why]; ok {
		return words
	}
	if kind, id, ok := strings.Cut(e.Why, " "); ok && (kind == "personal" || kind == "account" || kind == "calendar" || kind == "session") {
		return map[string]string{"personal": "personal API token ", "account": "token of the account ", "calendar": "calendar ", "session": "session "}[kind] + id
	}
	if e.Kind == "refused" && strings.Contains(e.Why, ".") {
		return "needs " + e.Why
	}
	return strings.ReplaceAll(e.Why, "_", " ")
}
