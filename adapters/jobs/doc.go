// Package jobs runs operations, the long work that was answered with 202, in
// the background: river's queue, in schema ops of the service's database,
// calls the runner for one chunk after the other. Every instance works on the
// same queue.
//
// What is done is recorded by the runner, chunk by chunk; the job in the queue
// holds nothing but the operation's id and how often it went wrong. Running a
// chunk twice, even at the same time, is harmless by the runner's contract. So
// the queue needs no fencing, only a short time until it notices a death:
//
//   - River knows that a job's process died only by the age of its attempt, an
//     hour by default, since a job may take that long. A job here therefore
//     runs for a slice of 3 s, then goes back to the end of the queue, which
//     renews its attempt. Nothing older than rescueAfter (10 s) can be alive,
//     but for operations whose chunk took too long before: those get twice the
//     time each time, up to 5 minutes, and are noticed as much later.
//   - River's leader looks for such jobs as soon as it is elected and each 30 s
//     after. A dead leader's term ends 10 to 15 s after its death, so the
//     restarted process, when it was the only one, finds the job at its first
//     look. An operation goes on 10 to 30 s after its process was killed, at
//     most 50 s when another instance is leader.
//   - Slices share the workers fairly: a small operation never waits until an
//     import of a million rows is through.
//
// Jobs are not unique in river's sense: the row of the operation, which is
// inserted in the same transaction, is unique already.
//
// River's count of attempts has no limit here, as it would throw the job away
// and leave the operation running for ever. What ends an operation is the
// worker's own count of failures in a row (see trouble).
//
// # What falls due, and housekeeping
//
// Two other jobs are periodic: river's leader queues them when it is elected and
// each Options.DueEvery or ChoresEvery after, unless one is queued or running,
// and one of the instances has the runner do all that is due, or does the chores.
// They have no state: one that dies, goes wrong or takes too long is followed by
// the next, which finds what is left to do.
//
// # Mails
//
// A mail that waits has a job, queued in the transaction that took the mail. It
// is put back, with the pause that the deliverer says, until the mail has gone
// out or is given up.
package jobs
