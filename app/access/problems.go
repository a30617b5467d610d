package access

import (
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// CodeAccountRequired says that the caller acts for no account and has to name
// one. It is part of the interface and never changes.
const CodeAccountRequired = "account_required"

// Problems of the account that is meant.
var (
	AccountRequired = domain.Problem{Code: CodeAccountRequired, Detail: "Name the account to act for."}
	AccountClosed   = domain.Problem{Code: account.CodeAccountClosed, Detail: "The account is closed."}
)

// OrNotFound is err, or query.ErrNotFound when there is none.
func OrNotFound(err error) error {
	if err == nil {
		return query.ErrNotFound
	}
	return err
}
