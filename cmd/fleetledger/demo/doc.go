// Package demo fills an empty service with two resellers, their customers and
// fourteen months of business, through the service's own API. The clock is moved
// into the past first and day by day back to the present, so that every page can
// be walked back.
//
// What happens is in the tables (customers.csv, people.csv, fleet.csv and
// scenes.csv) and in the scripts beside them; both count days before the present.
// Nothing is left to chance: the same beginning gives the same demo. A journal of
// the answers lets another run go on where one was interrupted; the one write whose
// answer it may lack has an idempotency key that follows from the write.
package demo
