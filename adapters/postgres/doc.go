// Package postgres is the service's access to PostgreSQL: a pool with limits
// that suit a service, the migrations of the tables that belong to no read
// model, and the stores on those tables.
//
// Everything lives in schema ops, the job queue's tables (river) included, so
// that `public` stays free; read models and the embedded node's log have
// schemas of their own, kept by their packages.
package postgres
