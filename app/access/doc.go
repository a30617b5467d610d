// Package access says who calls and what the caller may do where.
//
// The rights themselves are listed in package rights. The operator has all of
// them; a caller has its own in its own account, and in another account what the
// partner profile gives that the customer chose for the caller's account; an
// auditor reads the accounts of its grant. Whatever is not given is denied, and
// what a caller may not see is query.ErrNotFound, just as what does not exist.
package access
