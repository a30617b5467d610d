// Package user is the User aggregate: a person who signs in to one account.
//
// Who administers an account, and who is kept out of it, is decided by the
// account (package account): the rule that one administrator remains spans its
// users, so one stream has to keep it. A user's stream holds who the person is,
// the invitation, the profiles, and which credential is in force. The password's
// hash is no event: an event names the credential, another store has it. So it is with
// second factors and recovery codes; that a code was used is an event, since it is what
// makes it a code that is used once.
//
// People change their own name, and their e-mail address once the new one is
// confirmed. The account follows (account.DecideFollow), for it names its
// administrators, and holds the first address of the one it was created with.
package user
