// Package jobs is the service's work in the background: jobs of river's queue, in
// schema ops of the service's database. Every instance works on the same queue.
//
// # Operations
//
// An operation, the long work that was answered with 202, is carried out chunk by
// chunk, and each chunk is a job. The transaction that creates the operation
// queues the first; the transaction that saves a chunk ends that chunk's job and
// queues the next. So an operation always has one job until it is finished,
// whatever dies, and the next chunk goes to the end of the queue: a small
// operation never waits until an import of a million rows is through.
//
// A job holds nothing but the operation's id. Running a chunk twice, even at the
// same time, is harmless by the runner's contract: one of the two is saved. So
// the queue needs no fencing, only a short time until it notices a death:
//
//   - River knows that a job's process died only by the age of its attempt. A
//     chunk has 9 s (runTimeout), so nothing older than 10 s (rescueAfter) can be
//     alive, except for chunks that took too long before: those get twice the time
//     each time, up to 5 minutes, and are noticed as much later.
//   - River's leader looks for such jobs as soon as it is elected and every 30 s
//     after. A dead leader's term ends 10 to 15 s after its death. So an operation
//     goes on 10 to 30 s after its process was killed, at most 50 s when another
//     instance is leader.
//   - A process that has the database to itself need not wait: it calls Resume
//     before it starts, and goes on at once.
//
// An attempt at a chunk ends in one of these ways (see chunkWorker):
//
//   - Something that passes is in the way (the log, the database, other writers),
//     or the time is up: the job is put back, without limit.
//   - A stop cancels it: the job is put back at once.
//   - Anything else, a panic and the death of the process included: river tries
//     again, and after 8 attempts the operation fails.
//
// # Whose clock
//
// Jobs are taken by the database's clock, so they wait by it too: those that are
// queued, put back, tried again and come round. The clock of a process may be
// wrong, or be set, without a job that waits longer or is tried in a frenzy
// (clock.Database, waiting.go). When the database's own clock is set back, jobs that
// suddenly wait for longer than any has to go on within seconds. One thing is river's
// alone: whether the process of a running job is dead is judged by the leader's own
// clock, so a leader that is behind notices later, and one that is ahead has chunks
// done twice, which is harmless.
//
// # What falls due, and housekeeping
//
// Two other jobs are periodic: river's leader queues them when it is elected and
// every Options.DueEvery or ChoresEvery after, unless one is queued or running.
// They have no state: one that dies, goes wrong or takes too long is followed by
// the next, which finds what is left to do.
//
// # Mails
//
// A mail that waits has a job, queued in the transaction that took the mail. It
// is put back, with the pause that the deliverer says, until the mail has gone
// out or is given up.
//
// # Password resets
//
// A request to reset a password is a job of its own, so that the answer takes the
// same time whether anybody has the address.
package jobs
