package device

import "fmt"

// text is an allocation for people.
func (a Allocation) text() string {
	if a.Source == "" {
		return ""
	}
	return fmt.Sprintf("%s until %s", a.Source, a.Until)
}

// What follows explains the values that are derived: on each day, by the rules in force.

func (x explaining) status() Because {
	s := x.now()
	b := Because{Rule: RuleStatus, Inputs: inputs("serviceEnd", s.Service.End.String(), "day", x.day.String(), "lifeCycleState", string(s.LifeCycle))}
	switch s.ServiceStatus(x.day) {
	case "":
		b.Text = "a retired device has no service"
	case ServiceExpired:
		b.Text = fmt.Sprintf("the last day of service was %s", s.Service.End)
	default:
		b.Text = fmt.Sprintf("the last day of service is %s", s.Service.End)
	}
	return b
}

func (x explaining) support() Because {
	s := x.now()
	b := Because{Rule: RuleSupport, Inputs: inputs("offer", string(s.Service.Offer), "serviceEnd", s.Service.End.String())}
	if b.Text = fmt.Sprintf("support ends with the service, as the offer is %s", s.Service.Offer); !s.supported() {
		b.Text = fmt.Sprintf("there is no support for the offer %s", s.Service.Offer)
	}
	return b
}

func (x explaining) warranty() Because {
	s := x.now()
	b := Because{Rule: RuleWarranty, Inputs: inputs(
		"firstRegistered", s.FirstRegistered.String(), "offer", string(s.Service.Offer), "serviceEnd", s.Service.End.String(),
		"warrantyMonths", fmt.Sprint(x.rules.WarrantyMonths), "warrantyCap", fmt.Sprint(x.rules.WarrantyCap))}
	switch _, by := s.warranty(x.rules); by {
	case byService:
		b.Text = fmt.Sprintf("it follows the service end, as the offer is %s", s.Service.Offer)
	case byCap:
		b.Text = fmt.Sprintf("it follows the service end up to %d months from the first registration on %s", x.rules.WarrantyCap, s.FirstRegistered)
	default:
		b.Text = fmt.Sprintf("%d months from the first registration on %s", x.rules.WarrantyMonths, s.FirstRegistered)
	}
	return b
}

func (x explaining) autoRenew() Because {
	s := x.now()
	b := Because{Rule: RuleAutoRenew, Inputs: inputs("lifeCycleState", string(s.LifeCycle))}
	switch {
	case s.AutoRenews():
		b.Text = "services in a reseller's account renew by themselves"
	case s.resellers():
		b.Text = "a retired device has no service to renew"
	default:
		b.Text = "services in a standard account are renewed by order"
	}
	return b
}

func (x explaining) included() Because {
	s := x.now()
	b := Because{Rule: RuleYear, Inputs: inputs("firstRegistered", s.FirstRegistered.String())}
	b.Text = fmt.Sprintf("from the first registration anywhere, on %s, to %s", s.FirstRegistered, s.Included.Until)
	if length, ok := wholeMonths(s.FirstRegistered, s.Included.Until, s.Included.AnchorDay); ok {
		b.Inputs = append(b.Inputs, inputs("term", length.String(), "anchorDay", fmt.Sprint(s.Included.AnchorDay))...)
		b.Text = fmt.Sprintf("%s from the first registration anywhere, on %s", spoken(length), s.FirstRegistered)
	}
	return b
}

func (x explaining) allocation() Because {
	s, a := x.now(), x.now().Allocation()
	b := Because{Rule: RuleAllotted, Inputs: inputs("kind", string(a.Source), "until", a.Until.String(), "includedUntil", s.Included.Until.String(), "parkedUntil", s.ParkedUntil().String())}
	switch {
	case !s.resellers():
		b.Text = "what the service runs on"
	case a.Source == "":
		b.Text = "nothing waits beside the free term, and the included term was given"
	case s.Parked != nil && a == *s.Parked:
		b.Text = "what waits beside the free term"
	default:
		b.Text = "the included year, as its term was not given yet"
	}
	return b
}

func (x explaining) order() Because {
	if x.now().OrderNumber() == "" {
		return Because{}
	}
	b := Because{Rule: RuleOrder, Text: "that of the latest renewal order that counts"}
	if x.now().OrderNumber() == x.now().RegistrationOrder {
		b.Text = "the device was registered with it, and no later order has one"
	}
	return b
}
