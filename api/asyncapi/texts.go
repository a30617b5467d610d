package asyncapi

// What is said of the feed as a whole. It is CommonMark.
const (
	infoText = `Every type of event that the feed ` + "`/v1/events`" + ` has, from the side of an application that reads it.

The **data** of an event of a type is the schema of the type's name: exactly these members, in this version of
the service. A later version may add members and types, so an application had better leave alone what it does
not know. Where an event was written in an older form, its data is given out in the one that is described here.

**Required** members are those that an event always has. They are told in the message and not in the schema of
the data: an event with ` + "`redacted: true`" + ` is one of which the caller may see a part only, so all members of
its data are optional.

**Personal data** is opened only for those who may read it. Once a person was erased it reads ` + "`erased`" + `, in
events of before, too.`

	channelText = `The feed follows the convention of HTTP Feeds (http-feeds.org). An answer is a batch of events as
` + "`application/cloudevents-batch+json`" + `; with ` + "`Accept: text/event-stream`" + ` each event is a message of
server-sent events, with its id.`

	operationText = `An application keeps the id of the last event that it is done with and asks for what follows it.
An event may come again after a failure, always with the same id.`

	computedText = "Not recorded in the log: it follows from dates, and nobody causes it."

	personalText = "Personal data: opened only for those who may read it, and `erased` once the person was erased."
)
