// Package docs is the documentation: guides, written in Markdown, and the reference,
// made of the description of the interface. Package web makes pages of both.
//
// The examples in the guides are run: a block marked sh is pasted into a shell beside
// a started service, guide after guide in their order, and has to succeed. A block
// marked output that follows has to be what it prints; … stands for anything. "sh
// psql" needs that program, "text" is only shown.
package docs
