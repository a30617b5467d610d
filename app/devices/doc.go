// Package devices has what accounts do with their devices, apart from transfers
// and renewals:
//
//	Register                          into the own account; a reseller also into standard ones
//	Edit Suspend Resume               one device, where it is
//	Retire Reinstate                  out of service, and back
//	RequestRelease AnswerRelease      a device that another account has registered
//	ReleaseRequests ReleaseRequest
//	List Get                          devices as the read model shows them
//	ServiceDays                       the days on which services end
//	History                           a device's events, from its stream
//
// Who may do what is checked in the account that has the device; only
// registration needs no right in the account it goes to. Names, places and
// factors are reserved by what the aggregate says (domain/device), so no use case
// lists them.
package devices
