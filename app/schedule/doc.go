// Package schedule does what happens by itself when its time has come: renewals
// of free terms, ends of partnerships and warnings of them, invitations that run
// out, offers that resellers' accounts of before lack. The jobs run it at the present instant; the sandbox clock at every instant
// on its way.
//
// What ends at an instant ends by the clock: whoever asks goes by the date. The
// events record it, so that histories, feeds and mails have it too.
package schedule
