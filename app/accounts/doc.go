// Package accounts has the use cases about an account as such:
//
//	its life           Create, CreateCustomer, ResendInvitation, CorrectEmail, WithdrawPending,
//	                   Close, Reopen
//	its details        Edit, AssignChannelContact, RemoveChannelContact
//	its security       Secure, Admit
//	its profiles       DefineProfile, EditProfile, RemoveProfile
//	external accounts  AddExternalAccount, EditExternalAccount, RemoveExternalAccount
//	reading            List, Get, Customers
//
// The people of an account are package people's, its partners package
// partnerships'. Secrets of external accounts are kept outside the log; DropSecret,
// DropSecrets and ForgetSecrets forget those that are of no use any more.
package accounts
