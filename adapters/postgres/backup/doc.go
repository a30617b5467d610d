// Package backup copies the service's database into one file, checks such files,
// and makes a database of one. It needs none of PostgreSQL's programs: tables
// are copied through the connection, in COPY's text form, which every version of
// PostgreSQL reads.
//
// A backup holds the log, where the embedded node keeps it, and the service's
// own tables: keys of persons, sessions, tokens, mails and jobs that wait. It
// does not hold
//
//   - the read models, which are made from the log,
//   - the installation's key, which opens the keys of persons,
//   - what is of use for moments only: unlogged tables.
//
// All of it is one snapshot, taken beside a running service.
//
// The file is a zip: an entry for each table, then manifest.json, which says
// what has to be in them. Behind the zip stands one line with the SHA-256 of
// everything before it. So a file that was cut or changed anywhere is told, and
// unzip still opens it.
//
// A backup of an older version is restored by a newer one: the tables are made
// as the older version knew them, filled, and then migrated. Format changes only
// when older files could not be read otherwise.
package backup
