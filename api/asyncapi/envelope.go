package asyncapi

import "github.com/google/jsonschema-go/jsonschema"

// envelopeName is the schema of what all events have in common.
const envelopeName = "CloudEvent"

// attribute is one of an event's attributes, in the words of CloudEvents.
type attribute struct {
	name   string
	schema jsonschema.Schema
}

func attributes() []attribute {
	text := func(description string) jsonschema.Schema {
		return jsonschema.Schema{Type: "string", Description: description}
	}
	uid := func(description string) jsonschema.Schema {
		return jsonschema.Schema{Type: "string", Format: "uuid", Description: description}
	}
	flag := func(description string) jsonschema.Schema {
		return jsonschema.Schema{Type: "boolean", Description: description}
	}
	address := func(description string) jsonschema.Schema {
		return jsonschema.Schema{Type: "string", Format: "uri-reference", Description: description}
	}
	count := func(from float64, description string) jsonschema.Schema {
		return jsonschema.Schema{Type: "integer", Minimum: &from, Description: description}
	}
	return []attribute{
		{"specversion", *constant("1.0")},
		{"id", text("The event's own; `lastEventId` takes it")},
		{"source", address("The log that has the event")},
		{"type", text("The event's type")},
		{"subject", text("What the event is about")},
		{"time", jsonschema.Schema{Type: "string", Format: "date-time", Description: "When it happened, in the service's own time"}},
		{"dataschema", address("Where the data's schema is")},
		{"datacontenttype", *constant("application/json")},
		{"account", uid("The account that the event belongs to")},
		{"device", uid("The device that the event is about")},
		{"revision", count(0, "The event's place in its stream")},
		{"position", text("The event's place in the log; opaque, `minPosition` takes it")},
		{"schemaversion", count(1, "The version of the data's schema")},
		{"actorkind", text("What sort of caller caused the event")},
		{"actorid", text("Who caused the event; missing where that is not the caller's to know")},
		{"actoraccount", uid("The account of who caused it")},
		{"reason", text("Why, as whoever caused it has said")},
		{"correlationid", text("The same for all events that one request has led to")},
		{"causationid", text("What led to the event")},
		{"redacted", flag("The caller may see a part of the event only: any member of the data may be missing")},
		{"computed", flag("The event is not recorded in the log: it follows from dates")},
	}
}

// envelope is the schema of what all events have in common.
func envelope() *jsonschema.Schema {
	s := &jsonschema.Schema{
		Type: "object", Title: envelopeName,
		Description: "An event in the form of CloudEvents 1.0. Attributes that do not apply are left out.",
		Properties:  map[string]*jsonschema.Schema{},
		Required:    []string{"specversion", "id", "source", "type"},
	}
	for _, a := range attributes() {
		s.Properties[a.name] = &a.schema
		s.PropertyOrder = append(s.PropertyOrder, a.name)
	}
	return s
}

// payload is the schema of one type's events. required are the members that the data has
// unless the event is redacted. The numbers of versions end at that of the schema: an
// event may tell the one that it was written in.
func payload(e Event, required []string) *jsonschema.Schema {
	newest := float64(e.Version)
	s := &jsonschema.Schema{
		Type: "object", Title: e.Name,
		AllOf: []*jsonschema.Schema{{Ref: schemaRef + envelopeName}},
		Properties: map[string]*jsonschema.Schema{
			"type":          constant(e.Name),
			"schemaversion": {Maximum: &newest},
			"computed":      constant(e.Computed),
			"data":          {Ref: schemaRef + e.Name},
		},
		PropertyOrder: []string{"type", "schemaversion", "computed", "data"},
		If: &jsonschema.Schema{
			Required: []string{"redacted"}, Properties: map[string]*jsonschema.Schema{"redacted": constant(true)},
		},
		Else: &jsonschema.Schema{
			Required: []string{"data"}, Properties: map[string]*jsonschema.Schema{"data": {Required: required}},
		},
	}
	if e.Computed {
		s.Required = []string{"computed"}
	}
	return s
}

// query are the parameters of the feed.
func query() *jsonschema.Schema {
	several := func(format, description string) *jsonschema.Schema {
		return &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{Type: "string", Format: format}, Description: description}
	}
	least := 0.0
	return &jsonschema.Schema{
		Type: "object",
		Properties: map[string]*jsonschema.Schema{
			"lastEventId": {Type: "string", Description: "The id of the last event that the application has; without it the feed begins at its first"},
			"timeout":     {Type: "integer", Minimum: &least, Description: "For how many milliseconds an answer waits for an event, when there is none yet"},
			"type":        several("", "Events of these types only"),
			"account":     several("uuid", "Events of these accounts only"),
			"device":      several("", "Events of these devices only, by uid or serial number"),
		},
		PropertyOrder: []string{"lastEventId", "timeout", "type", "account", "device"},
	}
}

func constant(value any) *jsonschema.Schema { return &jsonschema.Schema{Const: &value} }
