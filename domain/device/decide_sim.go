package device

import "github.com/fleetledger/fleetledger/domain"

// DecideSIM decides which SIM a device has, by its normalised ICCID; empty takes
// it away. In a reseller's account no device gets one; one that is there stays
// until it is taken away.
func DecideSIM(s State, iccid string) ([]domain.Event, error) {
	if s.Exists() && s.resellers() && iccid != "" && iccid != s.ICCID {
		problems := append(usable(s), simNotAllowed("A device in a reseller account gets no SIM.", leaveSIM))
		return nil, domain.Refuse(problems...)
	}
	return change(s, s.ICCID == iccid, s.withSIM(iccid))
}

// withSIM is the event that gives the device a SIM, or takes it away.
func (s State) withSIM(iccid string) domain.Event {
	if iccid == "" {
		return SIMRemoved{Device: s.UID, ICCID: s.ICCID}
	}
	return SIMAssigned{Device: s.UID, OldICCID: s.ICCID, ICCID: iccid}
}

// simInto is what stands against a device with a SIM entering an account:
// a reseller's has none, whichever way the device comes.
func (s State) simInto(to Owner) []domain.Problem {
	if s.ICCID == "" || !to.Reseller() {
		return nil
	}
	return []domain.Problem{simNotAllowed("The device has a SIM, and a reseller account has none.", removeSIM)}
}
