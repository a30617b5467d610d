package release

import "github.com/fleetledger/fleetledger/domain"

// CodeAnswered is the code of an answer to a request that has another one.
const CodeAnswered = "already_answered"

func answered(a Answer) domain.Problem {
	return domain.Problem{
		Code: CodeAnswered, Detail: "The request already has another answer.", Facts: map[string]string{"answer": string(a)},
	}
}
