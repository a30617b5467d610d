package devices

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

// rowReader makes items of the rows of one request.
type rowReader struct {
	env       command.Env
	catalogue *catalogue.Catalogue
	rules     device.Rules
	targets   targets
	seen      command.Duplicates
}

// item checks a row and gives all its problems at once.
func (r rowReader) item(row Registration) command.Item {
	if row.Unreadable {
		return command.Item{Ref: row.Ref, Problems: row.Problems}
	}
	c, problems := r.read(row)
	if c.SerialNumber != "" {
		problems = append(problems, r.seen.Check(device.UID(c.SerialNumber))...)
	}
	item := command.Item{Ref: row.Ref, Name: row.SerialNumber, Problems: slices.Clone(row.Problems)}
	for _, p := range problems {
		known := func(other domain.Problem) bool { return other.Code == p.Code }
		if !slices.ContainsFunc(row.Problems, known) { // found while reading the row already
			item.Problems = append(item.Problems, p)
		}
	}
	if len(item.Problems) > 0 {
		return item
	}
	uid := device.UID(c.SerialNumber)
	item.Device, item.Order = r.targets.subject(uid), r.competesFor(c)
	item.Decide = func(s device.State) ([]domain.Event, error) { return device.DecideRegister(s, c) }
	if r.targets.hidden(c.Owner.UID) {
		u := &unseen{Register: c, registered: r.targets.registered(uid)}
		item.Decide, item.Again = u.decide, u.again
	}
	return item
}

// competesFor are the streams of what the device would have as a new one: rows
// that want the same name, factor or places are carried out in request order.
func (r rowReader) competesFor(c device.Register) []string {
	none := device.Aggregate.New(device.UID(c.SerialNumber))
	events, _ := device.DecideRegister(none, c) // a row that will be refused has its order, too
	var streams []string
	for _, held := range device.Aggregate.Reservations(device.Aggregate.Fold(none, events...), r.env.Limits) {
		streams = append(streams, held.Key.Stream)
	}
	return streams
}

// read normalises what a row says.
func (r rowReader) read(row Registration) (device.Register, []domain.Problem) {
	target := row.target(r.targets.acted)
	c := device.Register{Offer: row.Offer, Owner: r.targets.owners[target], Today: r.env.Today(), Rules: r.rules}
	var problems, p []domain.Problem
	add := func(pointer string, p []domain.Problem) { problems = append(problems, domain.At(pointer, p)...) }

	c.SerialNumber, p = device.NormaliseSerial(row.SerialNumber)
	add("/serialNumber", p)
	if len(p) == 0 {
		c.Model, p = device.RecogniseModel(r.catalogue, c.SerialNumber, row.Model)
		add("/model", p)
	}
	c.Factor, p = device.ParseFactor(row.IMEI, row.MAC, row.ESN)
	add("", p)
	if c.Name = c.SerialNumber; row.Name != "" {
		c.Name, _, p = device.NormaliseName(row.Name)
		add("/name", p)
	}
	c.Labels, p = device.NormaliseLabels(row.Labels)
	add("/labels", p)
	c.ICCID, p = device.NormaliseICCID(row.ICCID)
	add("/iccid", p)
	if row.Offer != "" && !row.Offer.Valid() {
		add("/offer", []domain.Problem{catalogue.OfferInvalid()})
	}
	c.OrderNumber, p = command.OrderNumber(row.OrderNumber)
	add("/orderNumber", p)
	if target == uuid.Nil { // nobody is acted for, and the row names no account
		add("/account", []domain.Problem{access.AccountRequired})
	} else {
		add("/account", r.targets.problems(target))
	}
	return c, problems
}
