package asyncapi

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"
)

// AsyncAPI is a description as it is given out, see Document.
type AsyncAPI struct {
	AsyncAPI           string               `json:"asyncapi"`
	Info               info                 `json:"info"`
	DefaultContentType string               `json:"defaultContentType"`
	Servers            map[string]server    `json:"servers"`
	Channels           map[string]channel   `json:"channels"`
	Operations         map[string]operation `json:"operations"`
	Components         components           `json:"components"`
}

type info struct {
	Title       string `json:"title"`
	Version     string `json:"version"`
	Description string `json:"description"`
}

type server struct {
	Host     string      `json:"host"`
	Protocol string      `json:"protocol"`
	Pathname string      `json:"pathname,omitempty"`
	Security []reference `json:"security"`
}

type reference struct {
	Ref string `json:"$ref"`
}

type channel struct {
	Address     string               `json:"address"`
	Title       string               `json:"title"`
	Description string               `json:"description"`
	Messages    map[string]reference `json:"messages"`
}

type operation struct {
	Action      string              `json:"action"`
	Channel     reference           `json:"channel"`
	Summary     string              `json:"summary"`
	Description string              `json:"description"`
	Messages    []reference         `json:"messages"`
	Bindings    map[string]httpRead `json:"bindings"`
}

// httpRead is the binding of an operation to HTTP.
type httpRead struct {
	Method         string             `json:"method"`
	Query          *jsonschema.Schema `json:"query"`
	BindingVersion string             `json:"bindingVersion"`
}

type components struct {
	Messages        map[string]message            `json:"messages"`
	Schemas         map[string]*jsonschema.Schema `json:"schemas"`
	SecuritySchemes map[string]map[string]string  `json:"securitySchemes"`
}

type message struct {
	Name          string             `json:"name"`
	Title         string             `json:"title"`
	Summary       string             `json:"summary,omitempty"`
	Description   string             `json:"description,omitempty"`
	ContentType   string             `json:"contentType"`
	Tags          []tag              `json:"tags"`
	SchemaVersion int                `json:"x-schema-version"`
	Payload       *jsonschema.Schema `json:"payload"`
}

type tag struct {
	Name string `json:"name"`
}

const (
	contentType = "application/cloudevents+json"
	events      = "events" // the only channel
)

// Document describes the feed that a service of this version gives out at publicURL. omit
// are the JSON names of members, at any depth, that are never given out.
func Document(publicURL, version string, feed []Event, omit []string) (*AsyncAPI, error) {
	at, err := serverAt(publicURL)
	if err != nil {
		return nil, err
	}
	feed = slices.SortedFunc(slices.Values(feed), func(a, b Event) int { return cmp.Compare(a.Name, b.Name) })
	described, err := schemasOf(feed, omit)
	if err != nil {
		return nil, err
	}
	described.schemas[envelopeName] = envelope()
	d := &AsyncAPI{
		AsyncAPI:           "3.0.0",
		Info:               info{Title: "Fleetledger events", Version: version, Description: infoText},
		DefaultContentType: contentType,
		Servers:            map[string]server{"fleetledger": at},
		Components: components{
			Messages: map[string]message{}, Schemas: described.schemas,
			SecuritySchemes: map[string]map[string]string{"bearer": {
				"type": "http", "scheme": "bearer", "description": "A token of an account, a user or an auditor",
			}},
		},
	}
	in := map[string]reference{}
	sent := make([]reference, 0, len(feed))
	for _, e := range feed {
		d.Components.Messages[e.Name] = messageOf(e, described)
		in[e.Name] = reference{"#/components/messages/" + e.Name}
		sent = append(sent, reference{"#/channels/" + events + "/messages/" + e.Name})
	}
	d.Channels = map[string]channel{events: {Address: "/v1/events", Title: "The feed of events", Description: channelText, Messages: in}}
	d.Operations = map[string]operation{"sendEvents": {
		Action: "send", Channel: reference{"#/channels/" + events}, Messages: sent,
		Summary: "Read the events that the caller may see, in the order of the log", Description: operationText,
		Bindings: map[string]httpRead{"http": {Method: "GET", Query: query(), BindingVersion: "0.3.0"}},
	}}
	return d, nil
}

func serverAt(publicURL string) (server, error) {
	u, err := url.Parse(publicURL)
	if err != nil {
		return server{}, fmt.Errorf("asyncapi: the public URL: %w", err)
	}
	if u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return server{}, fmt.Errorf("asyncapi: the public URL %q is none of HTTP", publicURL)
	}
	pathname := path.Clean("/" + u.Path)
	if pathname == "/" {
		pathname = ""
	}
	return server{Host: u.Host, Protocol: u.Scheme, Pathname: pathname, Security: []reference{{"#/components/securitySchemes/bearer"}}}, nil
}

func messageOf(e Event, described *described) message {
	m := message{
		Name: e.Name, Title: fmt.Sprintf("%s, version %d", e.Name, e.Version), Summary: described.schemas[e.Name].Description,
		ContentType: contentType, SchemaVersion: e.Version, Payload: payload(e, described.required[e.Name]),
		Tags: []tag{{path.Base(e.Type.PkgPath())}},
	}
	if e.Computed {
		m.Description, m.Tags = computedText, []tag{{"computed"}}
	}
	return m
}
