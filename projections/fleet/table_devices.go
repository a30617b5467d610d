package fleet

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/text"
)

var deviceTable = table[device.State]{
	name:   "device_versions",
	prefix: devicePrefix,
	evolve: func(s device.State, e eventlog.Recorded) device.State { return device.Evolve(s, e.Event) },
	exists: device.State.Exists,
	row:    func(s device.State) any { return deviceRowOf(s) },
	parse:  parse[deviceRow, device.State],
	columns: func(s device.State) []field {
		labels := s.Labels
		if labels == nil {
			labels = []string{}
		}
		return []field{
			{"account", [16]byte(s.Account)},
			{"name", s.Name},
			{"name_key", text.Key(s.Name)},
			{"serial_number", s.SerialNumber},
			{"factor_kind", string(s.Factor.Kind)},
			{"factor", s.Factor.Value},
			{"model", s.Model},
			{"offer", string(s.Service.Offer)},
			{"life_cycle", string(s.LifeCycle)},
			{"labels", labels},
			{"applied", raw(s.Applied)},
			{"first_registered", date(s.FirstRegistered)},
			{"service_start", date(s.Service.Start)},
			{"service_end", date(s.Service.End)},
			{"anchor_day", s.Service.AnchorDay},
			{"auto_renew", s.Service.AutoRenew},
			{"search", searched(s.Name, s.SerialNumber, s.Factor.Value, s.ICCID)},
			{"sim", s.ICCID != ""},
		}
	},
}

// deviceRow is device.State as it is stored.
type deviceRow struct {
	UID               uuid.UUID          `json:"uid"`
	SerialNumber      string             `json:"serialNumber"`
	Factor            device.Factor      `json:"factor"`
	Model             string             `json:"model"`
	Account           uuid.UUID          `json:"account"`
	Name              string             `json:"name"`
	Labels            []string           `json:"labels,omitzero"`
	ICCID             string             `json:"iccid,omitzero"`
	LifeCycle         device.LifeCycle   `json:"lifeCycle"`
	FirstRegistered   calendar.Date      `json:"firstRegistered,omitzero"`
	Service           device.Service     `json:"service"`
	Included          device.Allocation  `json:"included,omitzero"`
	FirstStandard     bool               `json:"firstStandard,omitzero"`
	Consumed          bool               `json:"consumed,omitzero"`
	Parked            *device.Allocation `json:"parked,omitzero"`
	Applied           []uuid.UUID        `json:"applied,omitzero"`
	Orders            []orderRow         `json:"orders,omitzero"`
	Reversed          []uuid.UUID        `json:"reversed,omitzero"`
	RegistrationOrder string             `json:"registrationOrder,omitzero"`
	CameFrom          uuid.UUID          `json:"cameFrom,omitzero"`
	Moved             *movedRow          `json:"moved,omitzero"`
	Released          releasedRow        `json:"released,omitzero"`
	Releases          []uuid.UUID        `json:"releases,omitzero"`
	HeldBy            uuid.UUID          `json:"heldBy,omitzero"`
}

type orderRow struct {
	ID          uuid.UUID          `json:"id"`
	Grant       bool               `json:"grant,omitzero"`
	Number      string             `json:"number,omitzero"`
	Before      *device.Allocation `json:"before,omitzero"`
	Parked      bool               `json:"parked,omitzero"`
	Transferred bool               `json:"transferred,omitzero"`
	OldOffer    catalogue.Offer    `json:"oldOffer,omitzero"`
	NewOffer    catalogue.Offer    `json:"newOffer,omitzero"`
}

type movedRow struct {
	Transfer  uuid.UUID          `json:"transfer"`
	From      uuid.UUID          `json:"from"`
	CameFrom  uuid.UUID          `json:"cameFrom,omitzero"`
	LifeCycle device.LifeCycle   `json:"lifeCycle"`
	Service   device.Service     `json:"service"`
	Parked    *device.Allocation `json:"parked,omitzero"`
	Consumed  bool               `json:"consumed,omitzero"`
	Orders    []orderRow         `json:"orders,omitzero"`
	Reversed  bool               `json:"reversed,omitzero"`
	Since     string             `json:"since,omitzero"`
}

type releasedRow struct {
	Request uuid.UUID `json:"request"`
	To      uuid.UUID `json:"to"`
}

func deviceRowOf(s device.State) deviceRow {
	r := deviceRow{
		UID: s.UID, SerialNumber: s.SerialNumber, Factor: s.Factor, Model: s.Model,
		Account: s.Account, Name: s.Name, Labels: s.Labels, ICCID: s.ICCID,
		LifeCycle: s.LifeCycle, FirstRegistered: s.FirstRegistered,
		Service: s.Service, Included: s.Included, FirstStandard: s.FirstStandard, Consumed: s.Consumed, Parked: s.Parked,
		Applied: s.Applied, Orders: orderRowsOf(s.Orders), Reversed: s.Reversed,
		RegistrationOrder: s.RegistrationOrder, CameFrom: s.CameFrom, Releases: s.Releases,
		Released: releasedRow(s.Released), HeldBy: s.HeldBy,
	}
	if m := s.Moved; m != nil {
		r.Moved = &movedRow{
			Transfer: m.Transfer, From: m.From, CameFrom: m.CameFrom, LifeCycle: m.LifeCycle, Service: m.Service, Parked: m.Parked,
			Consumed: m.Consumed, Orders: orderRowsOf(m.Orders), Reversed: m.Reversed, Since: m.Since,
		}
	}
	return r
}

func (r deviceRow) state() device.State {
	s := device.State{
		UID: r.UID, SerialNumber: r.SerialNumber, Factor: r.Factor, Model: r.Model,
		Account: r.Account, Name: r.Name, Labels: r.Labels, ICCID: r.ICCID,
		LifeCycle: r.LifeCycle, FirstRegistered: r.FirstRegistered,
		Service: r.Service, Included: r.Included, FirstStandard: r.FirstStandard, Consumed: r.Consumed, Parked: r.Parked,
		Applied: r.Applied, Orders: orders(r.Orders), Reversed: r.Reversed,
		RegistrationOrder: r.RegistrationOrder, CameFrom: r.CameFrom, Releases: r.Releases,
		Released: device.Released(r.Released), HeldBy: r.HeldBy,
	}
	if m := r.Moved; m != nil {
		s.Moved = &device.Moved{
			Transfer: m.Transfer, From: m.From, CameFrom: m.CameFrom, LifeCycle: m.LifeCycle, Service: m.Service, Parked: m.Parked,
			Consumed: m.Consumed, Orders: orders(m.Orders), Reversed: m.Reversed, Since: m.Since,
		}
	}
	return s
}

func orderRowsOf(orders []device.Order) []orderRow {
	var rows []orderRow
	for _, o := range orders {
		rows = append(rows, orderRow(o))
	}
	return rows
}

func orders(rows []orderRow) []device.Order {
	var all []device.Order
	for _, r := range rows {
		all = append(all, device.Order(r))
	}
	return all
}
