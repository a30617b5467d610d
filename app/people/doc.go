// Package people is about the persons who use the service: the users of
// accounts, how they come in, and how they are forgotten.
//
//	users        Invite ResendInvitation RevokeInvitation Edit Deactivate Reactivate List Get
//	joining      Invitation Activate
//	signing in   SignIn StartAtIssuer SignInAtIssuer SignInAsOperator SignInAsAuditor SessionCaller Sessions
//	             EndSession EndSessions Self
//	passwords    ChangePassword RequestPasswordReset AnswerResetRequest SendPasswordReset PasswordReset ResetPassword
//	factors      AddFactor ConfirmFactor Factors RemoveFactor ReplaceRecoveryCodes ResetFactors
//	             StartWithPasskey AnswerSecondStep
//	views        SaveView Views RemoveView
//	tokens       CreateToken Tokens RevokeToken TokenCaller AccountTokens RevokeAccountToken
//	calendars    CreateCalendar Calendars RevokeCalendar CalendarCaller
//	forgetting   Erase ForgetCredentials ForgetFactors
//	reactions    JoinFirst NameAdministrator FollowAccess FinishErasure EndAccountTokens TidyFactors WhoIs
//
// Two streams have to agree on a user: the account decides who administers it and
// who is kept out, the user's own stream follows. A command writes the one that
// may say no first; when it dies before the other, the reactions do the rest.
// Whoever wants to come in is therefore looked up in both (type entrant).
//
// Hashes of passwords, sessions, personal tokens, calendars and identities at an issuer are
// no events: ports.PeopleStore has them. A hash is kept before the event that
// names it and puts it in force; one that no event names opens nothing, and is
// dropped by the command or, when that died, by ForgetCredentials. So are the secrets of
// second factors (ports.Factors). A session rests on what was given when it began: the
// password in force and, where the user has any, a second factor. It ends with either.
package people
