// Package release has the requests to release a device: somebody has a device
// in hand that another account has registered. The request reaches that
// account, without telling which it is, and is granted or denied there.
//
// The requests to one account are one stream, which decides between two answers
// at once. A request for a retired device is granted by itself when the account
// does not answer in time. One that is open ends when either account is closed. That a granted device may be registered stands in its
// own stream, see package device.
package release
