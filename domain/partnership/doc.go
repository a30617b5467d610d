// Package partnership is the Partnership aggregate: the relation between a
// reseller and its customer. The customer chooses the profile that the
// reseller's users get in the customer's account.
//
// A reseller may ask for a partnership with an account that exists already. The
// request gives it nothing until the account accepts.
package partnership
