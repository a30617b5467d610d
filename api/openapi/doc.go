// Package openapi owns the description of the JSON interface, openapi.yaml,
// written by hand, and what is generated from it: the types of requests and
// answers, and the interface that package api implements. The client generated
// from the same file is in package client.
package openapi

import _ "embed"

//go:generate go tool oapi-codegen -config oapi-codegen.yaml openapi.yaml

// Description is openapi.yaml.
//
//go:embed openapi.yaml
var Description []byte
