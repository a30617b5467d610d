// Package demo fills an empty service with two resellers, their customers and
// fourteen months of business, through the service's own API. The clock is moved
// into the past first and day by day back to the present, so that every page can
// be walked back.
//
// What happens is in the tables (customers.csv, people.csv, fleet.csv and
// scenes.csv) and in the scripts beside them; both count days before the present.
// Nothing is left to chance: the same beginning gives the same demo. Each write has
// an idempotency key that follows from the write, so that a demo that was
// interrupted is finished by the next run, as long as the service keeps the keys.
package demo
