// Package forecasts says what lies ahead: month by month how many services end,
// and how many of them renew by themselves (Get).
//
// It is told from the day that is asked for: today, a day to come, for which the
// present is carried on as if nothing but time happened, or a past one, with what
// was known then. What it counts for a month is what lists of devices show when
// the month begins, of the partners of then: the clock of a sandbox that gets
// there shows the same.
package forecasts
