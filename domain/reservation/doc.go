// Package reservation keeps rules that span streams: a unique value has one
// holder, a reseller account has so many places. Each value has a small stream
// of its own; appending to it with the expected revision decides every race.
//
// The protocol, which holds under concurrency and across crashes:
//
//  1. A command loads its holder's stream (revision r), then claims. A claim
//     always appends, also when the holder has one already: claiming renews.
//  2. It appends its own events to the holder's stream, expecting r. When that
//     fails it starts over and claims again.
//  3. A claim whose value the holder does not have is an orphan. To release it:
//     read the reservation and with it the holder's last claim, then the holder
//     (revision h); when the holder lacks the value, append a fence to the
//     holder expecting h, then release, provided the last claim is still that
//     one. A late step 2 now fails at r <= h, starts over and claims again; had
//     it renewed before the release, the release is off. Either way nothing is
//     held by two, and nothing had is released.
//  4. A claim that went from free to held may be released without the fence by
//     the command that made it, when its step 2 has failed for certain and the
//     claim is still the holder's last: nobody else can rely on it.
//  5. A command whose events give a value up reads the holder's last claim
//     before it appends them, and releases afterwards, provided the last claim
//     is still that one. Left undone by a crash, it is an orphan of rule 3. Until
//     it is done it looks like one; a fence then does no harm but that the holder's
//     revision goes on, which whoever gave it up is not told. So an orphan is left
//     alone until the event that gave it up is a while old.
//
// Of a personal value the stream has a keyed name in the log (Names), and, while an
// instance of a version before may run, another one by a hash: both are claimed then,
// and app's Reserved claims by the keyed one what such an instance has claimed. States
// and this protocol know one name, the hash; aggregates give those in the log.
//
// The stream of an account's places grows for ever, so each of its events since
// schema version 2 carries the holders: the last event alone says all that the
// rules need (Snapshot). Where it is of version 1, the whole stream is read.
//
// The tests run these rules, interleaved at every step and with crashes,
// against a model, and show that each of them is needed.
package reservation
