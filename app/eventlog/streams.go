package eventlog

// Awaited are prefixes of streams that no read model is made of, though callers
// are given their positions and then wait for a read to be at them: transfers,
// their plans, release requests, edits of the catalogue, the marks of days.
var Awaited = []string{"transfer-", "transferplan-", "releases-", "catalogue-", DaysStream}
