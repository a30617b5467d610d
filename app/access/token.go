package access

// AuditPrefix begins the tokens of audit grants.
const AuditPrefix = "flau_"

// PersonalPrefix begins personal API tokens.
const PersonalPrefix = "flpt_"

// SessionPrefix begins the tokens of sessions.
const SessionPrefix = "fles_"
