package main

// How many orders for one device there are at most, under how many numbers; the first
// one is none.
const (
	proofOrders  = 12
	orderNumbers = 3
)

// What an order is, as a state of it.
const (
	noOrder = iota
	orderWaits
	orderApproved // and the device not renewed yet
	orderApplied
	orderDeclined
	orderWithdrawn
)

// ordersState is a device and the orders for its renewal.
type ordersState struct {
	status [proofOrders]int8
	number [proofOrders]int8
	ghost  [orderNumbers]int8 // so many orders wait under a number that nobody was told of
	years  int8               // that were added to its service
}

// used tells whether a number counts for the device.
func (s ordersState) used(number int) bool {
	if number == 0 {
		return false
	}
	for i, status := range s.status {
		if int(s.number[i]) == number && (status == orderWaits || status == orderApproved || status == orderApplied) {
			return true
		}
	}
	return s.ghost[number] > 0
}

// becomes is the state after an order was answered: only one that waits changes.
func (s ordersState) becomes(order int, status int8) (ordersState, bool) {
	if s.status[order] != orderWaits {
		return s, s.status[order] == status
	}
	s.status[order] = status
	return s, true
}

// settled is the state after an approved order has renewed the device.
func (s ordersState) settled(order int) ordersState {
	if s.status[order] == orderApproved {
		s.status[order] = orderApplied
		s.years++
	}
	return s
}

// ordersRules: an order waits, then it is applied, declined or withdrawn, once. Its
// number counts once for a device while it waits or once it was applied. Applying
// takes two steps that others see: then it is answered, then the device is renewed.
var ordersRules = rules[ordersState]{
	step: func(s ordersState, d deed, o said) (ordersState, bool) {
		switch {
		case o.only("order_number_used"):
			return s, d.do == "order" && d.b > 0 && (s.used(d.b) || o.slack > 0)
		case o.only("order_not_open"):
			return s, s.closedTo(d)
		case o.refused():
			return s, o.only("device_busy")
		}
		switch d.do {
		case "order":
			used := s.used(d.b)
			s.status[o.value], s.number[o.value] = orderWaits, int8(d.b)
			return s, !used
		case "apply":
			if s.status[d.a] == orderApplied {
				return s, true
			}
			return s.becomes(d.a, orderApproved)
		case "renew":
			s = s.settled(d.a)
			return s, s.status[d.a] == orderApplied
		case "decline":
			return s.becomes(d.a, orderDeclined)
		case "withdraw":
			return s.becomes(d.a, orderWithdrawn)
		case "read":
			return s, int(s.years) == o.value
		case "state":
			shown := s.status[d.a]
			if shown == orderApproved {
				shown = orderWaits
			}
			return s, int(shown) == o.value
		case "ghost":
			return s, int(s.ghost[d.b]) == o.value
		}
		return s, false
	},
	effect: func(s ordersState, d deed) ordersState {
		next := s
		switch d.do {
		case "order":
			if !s.used(d.b) {
				s.ghost[d.b]++
			}
			return s
		case "apply":
			next, _ = s.becomes(d.a, orderApproved)
		case "renew":
			next = s.settled(d.a)
		case "decline":
			next, _ = s.becomes(d.a, orderDeclined)
		case "withdraw":
			next, _ = s.becomes(d.a, orderWithdrawn)
		}
		return next
	},
	claims: func(_, other deed) bool { return other.do == "order" },
}

// closedTo tells whether an order is not open to a deed any more, which was not done
// before either.
func (s ordersState) closedTo(d deed) bool {
	switch s.status[d.a] {
	case orderApproved, orderApplied:
		return d.do != "apply"
	case orderDeclined:
		return d.do != "decline"
	case orderWithdrawn:
		return d.do != "withdraw"
	}
	return false
}
