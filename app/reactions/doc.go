// Package reactions follows the log and acts on it.
//
// The Finisher finishes or undoes what commands left half done when they died.
// Mailings writes the mails that events give cause to. Both may see an event
// again, also on several instances at once: whatever they do has ids that follow
// from the event, so that doing it twice is doing it once.
package reactions
