package view

// signInRefused says why nobody was let in, without telling which half was wrong.
func signInRefused(s SignIn) string {
	switch p := s.Problem; p.Code {
	case "sign_in_failed":
		return "E-mail and password do not fit, or this user may not sign in."
	case "unauthenticated":
		if s.Auditor {
			return "This is not the token of an audit grant, or the grant has ended."
		}
		return "This is not the operator's token."
	}
	return s.Problem.Detail
}
