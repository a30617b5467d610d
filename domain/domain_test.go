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
	if got := domain.ProblemsOf(err); len(got) != 2 || got[0].Code != "name_taken" {
		t.Errorf("problems of a wrapped refusal: %v", got)
	}
	for _, other := range []error{nil, errors.New("down")} {
		if got := domain.ProblemsOf(other); got != nil {
			t.Errorf("problems of %v: %v", other, got)
		}
	}
}

func TestAt(t *testing.T) {
	t.Parallel()
	shared := []domain.Problem{{Code: "name_taken"}, {Code: "device_busy"}}
	for _, p := range domain.At("/name", shared) {
		if p.Pointer != "/name" || p.Code == "" {
			t.Errorf("%+v", p)
		}
	}
	if shared[0].Pointer != "" {
		t.Error("the problems that were given have changed")
	}
	if got := domain.At("/name", nil); got != nil {
		t.Errorf("made of nothing: %v", got)
	}
}
