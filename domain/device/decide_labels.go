package device

import (
	"fmt"
	"slices"

	"github.com/fleetledger/fleetledger/domain"
)

// Labels is a change of labels, all normalised: those given in place of all
// present ones (Set), or some more and some less.
type Labels struct {
	Set         *[]string
	Add, Remove []string
}

// CheckLabels is what is wrong with a change of labels whatever the device has.
func CheckLabels(c Labels) []domain.Problem {
	some := len(c.Add)+len(c.Remove) > 0
	switch {
	case c.Set == nil && !some:
		return invalid(CodeLabelsMissing, "Give labels to set, or to add and to remove.")
	case c.Set != nil && some:
		return invalid(CodeLabelsAmbiguous, "Give labels to set, or labels to add and to remove, not both.")
	}
	for _, l := range c.Add {
		if slices.Contains(c.Remove, l) {
			return invalid(CodeLabelsAmbiguous, fmt.Sprintf("Label %s is to be added and to be removed.", l))
		}
	}
	return nil
}

// DecideChangeLabels decides a change of labels. What is there already is not added
// again; what is not there need not be removed.
func DecideChangeLabels(s State, c Labels) ([]domain.Event, error) {
	if c.Set != nil {
		return DecideRelabel(s, *c.Set)
	}
	var labels []string
	for _, l := range slices.Concat(s.Labels, c.Add) {
		if !slices.Contains(c.Remove, l) && !slices.Contains(labels, l) {
			labels = append(labels, l)
		}
	}
	if len(labels) > MaxLabels && s.Exists() {
		return nil, domain.Refuse(tooManyLabels()...)
	}
	return DecideRelabel(s, labels)
}

func tooManyLabels() []domain.Problem {
	return invalid(CodeLabelInvalid, fmt.Sprintf("A device has at most %d labels.", MaxLabels))
}
