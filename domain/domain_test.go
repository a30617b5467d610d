package domain_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/fleetledger/fleetledger/domain"
)

func TestRefuse(t *testing.T) {
	t.Parallel()
	if err := domain.Refuse(); err != nil {
		t.Errorf("refused without a problem: %v", err)
	}
	err := fmt.Errorf("register: %w", domain.Refuse(domain.Problem{Code: "name_taken"}, domain.Problem{Code: "device_busy"}))
	var refusal *domain.Refusal
	if !errors.As(err, &refusal) || len(refusal.Problems) != 2 || err.Error() != "register: refused: name_taken, device_busy" {
		t.Errorf("%v", err)
	}
}
