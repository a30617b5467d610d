package app

// Names of streams.

const accountPrefix = "account-"

const userPrefix = "user-"

const auditPrefix = "auditgrant-"
