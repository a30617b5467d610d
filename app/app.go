// Package app has the use cases, a file each, the ports they need, and the
// processes that carry out what spans several streams. Rights are checked here.
package app
