// Package partnership is the Partnership aggregate: the relation between a
// reseller and its customer. The customer chooses the profile that the
// reseller's users get in the customer's account.
package partnership
