// Package catalogues has the catalogue in force: the file's models with the
// operator's edits laid over them, at this moment or as of a past one.
//
// What a command decides on is asked for once a request and read from the log's
// own stream, so an edit holds for the next request on every instance.
package catalogues
