// Package private runs the PostgreSQL server that belongs to one data folder.
//
// It is what `serve` uses when no database URL is configured: the package
// finds server binaries, creates the cluster on first use, starts the server
// as a child process, and makes sure that neither a crash of ours nor one of
// the server leaves the folder in a state that blocks the next start. A start
// right after a kill -9 of both waits some seconds for what is still dying; a
// second live owner is refused at once.
//
// Layout of a data folder:
//
//	lock            flock, held by the owning process; contains its pid
//	pg/             the cluster (data checksums, UTF8)
//	pg.log          server log, rotated to pg.log.1 at 8 MiB
//	run/            unix socket, mode 0700
//	postgresql/     binaries, only when they had to be downloaded
//
// The server listens on a unix socket and trusts whoever may enter the socket's
// folder, which is the owner of the data folder. It listens on TCP only where
// Options.Listen asks for it, and then lets in members of one role with their
// password.
//
// A unix socket path may not exceed 103 bytes on every system we run on, and a
// connection string cannot name a folder with a comma. For such a data folder the
// socket lives in a fresh 0700 folder under the system's temporary folder instead.
// [ConnString] finds it in both cases.
//
// PostgreSQL refuses to run as root. Started by root, the package therefore
// runs it in a user namespace in which root appears as an ordinary user, so
// that every file stays root's; where namespaces are refused it runs as the
// owner of the surrounding folder or as the user postgres, with the cluster
// handed to that user.
package private
