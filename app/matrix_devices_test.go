package app_test

import (
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/operations"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// deviceRow is a row about one device of Delta Rail.
func deviceRow(name, covers, single string, do func(w *world, on process, c devices.LifeCycle) error) row {
	return row{name: name, covers: covers, single: single, begin: func(w *world, round int) func(process) error {
		c := devices.LifeCycle{Command: newCommand(), Device: w.registered(w.fixed("Delta Rail"), router(round))[0]}
		return func(on process) error { return do(w, on, c) }
	}}
}

// twice gives a row for a command on several devices as it is, and one for all
// or nothing.
func twice(name, covers string, timed bool, begin func(w *world, round int, atomic bool) func(process) error) []row {
	as := func(atomic bool) func(*world, int) func(process) error {
		return func(w *world, round int) func(process) error { return begin(w, round, atomic) }
	}
	return []row{
		{name: name, covers: covers, timed: timed, begin: as(false)},
		{name: name + ", all or nothing", covers: covers, timed: timed, begin: as(true)},
	}
}

// registering is the registration of the two devices of a round by Delta Rail.
func (w *world) registering(round int, atomic bool) (uuid.UUID, devices.Register) {
	w.t.Helper()
	return w.fixed("Delta Rail"), devices.Register{Command: newCommand(), Items: routers(2*round, 2), Atomic: atomic}
}

// asked is a request for the release of the device of a round, which Delta Rail
// has, by South Radio.
func (w *world) asked(round int) (buyer uuid.UUID, c devices.RequestRelease) {
	w.t.Helper()
	w.registered(w.fixed("Delta Rail"), router(round))
	return w.fixed("South Radio"), devices.RequestRelease{Command: newCommand(), SerialNumber: router(round).SerialNumber, IMEI: imei(round)}
}

func deviceRows() []row {
	rows := twice("retire many devices", "Devices.ChangeMany", false, func(w *world, round int, atomic bool) func(process) error {
		c := devices.ChangeMany{
			Command: newCommand(), Action: devices.RetireEach, Atomic: atomic, Devices: w.registered(w.fixed("Delta Rail"), routers(2*round, 2)...),
		}
		return func(on process) error { return bulk(on.Devices.ChangeMany(w.ctx, operator(), c)) }
	})
	rows = append(rows, twice("register devices", "Devices.Register", false, func(w *world, round int, atomic bool) func(process) error {
		uid, c := w.registering(round, atomic)
		return func(on process) error { return bulk(on.Devices.Register(w.ctx, operatorFor(uid), c)) }
	})...)
	return append(rows,
		row{name: "register a released device", covers: "Devices.Register", begin: func(w *world, round int) func(process) error {
			buyer, c := w.asked(round)
			asked, err := w.Devices.RequestRelease(w.ctx, administratorOf(buyer), c)
			require.NoError(w.t, err)
			_, err = w.Devices.AnswerRelease(w.ctx, operator(), asked.Request.Request, true, newCommand())
			require.NoError(w.t, err)
			register := devices.Register{Command: newCommand(), Items: []devices.Registration{router(round)}}
			return func(on process) error { return bulk(on.Devices.Register(w.ctx, operatorFor(buyer), register)) }
		}},
		row{name: "register into the places of a reseller", covers: "Devices.Register", begin: func(w *world, round int) func(process) error {
			reseller, c := w.fixed("North Radio"), devices.Register{Command: newCommand(), Items: routers(2*round, 2)}
			return func(on process) error { return bulk(on.Devices.Register(w.ctx, operatorFor(reseller), c)) }
		}},
		row{name: "ask for a release", covers: "Devices.RequestRelease", begin: func(w *world, round int) func(process) error {
			buyer, c := w.asked(round)
			return func(on process) error {
				_, err := on.Devices.RequestRelease(w.ctx, administratorOf(buyer), c)
				return err
			}
		}},
		row{name: "grant a release", covers: "Devices.AnswerRelease", begin: func(w *world, round int) func(process) error {
			buyer, c := w.asked(round)
			asked, err := w.Devices.RequestRelease(w.ctx, administratorOf(buyer), c)
			require.NoError(w.t, err)
			answer := newCommand()
			return func(on process) error {
				_, err := on.Devices.AnswerRelease(w.ctx, operator(), asked.Request.Request, true, answer)
				return err
			}
		}},
		deviceRow("edit a device", "Devices.Edit", "", func(w *world, on process, c devices.LifeCycle) error {
			name := "renamed " + c.Device
			_, err := on.Devices.Edit(w.ctx, operator(), devices.Edit{Command: c.Command, Device: c.Device, Name: &name, Labels: &[]string{"a"}})
			return err
		}),
		deviceRow("retire a device", "Devices.Retire", "", func(w *world, on process, c devices.LifeCycle) error {
			_, err := on.Devices.Retire(w.ctx, operator(), c)
			return err
		}),
		deviceRow("edit a device's SIM and offer", "Devices.Edit", "", func(w *world, on process, c devices.LifeCycle) error {
			name, iccid := "other "+c.Device, "8931440300000000000"
			_, err := on.Devices.Edit(w.ctx, operator(), devices.Edit{Command: c.Command, Device: c.Device, Name: &name, ICCID: &iccid, Offer: "basic"})
			return err
		}),
		deviceRow("reinstate a device", "Devices.Reinstate", "", func(w *world, on process, c devices.LifeCycle) error {
			_, err := w.Devices.Retire(w.ctx, operator(), devices.LifeCycle{Command: command.Command{ID: uuid.NewSHA1(seed(1), []byte(c.Device))}, Device: c.Device})
			require.NoError(w.t, err)
			_, err = on.Devices.Reinstate(w.ctx, operator(), devices.Reinstate{LifeCycle: c})
			return err
		}),
		deviceRow("suspend a device", "Devices.Suspend", oneAppend, func(w *world, on process, c devices.LifeCycle) error {
			_, err := on.Devices.Suspend(w.ctx, operator(), c)
			return err
		}),
		deviceRow("resume a device", "Devices.Resume", oneAppend, func(w *world, on process, c devices.LifeCycle) error {
			_, err := w.Devices.Suspend(w.ctx, operator(), devices.LifeCycle{Command: command.Command{ID: seed(1)}, Device: c.Device})
			require.NoError(w.t, err)
			_, err = on.Devices.Resume(w.ctx, operator(), c)
			return err
		}),
		deviceRow("grant an allocation", "Renewals.Grant", oneAppend, func(w *world, on process, c devices.LifeCycle) error {
			_, err := on.Renewals.Grant(w.ctx, operator(), renewals.Grant{Command: c.Command, Device: c.Device, Term: calendar.Months(36)})
			return err
		}),
		row{name: "submit an operation", covers: "Operations.Submit", single: oneWrite, begin: func(w *world, round int) func(process) error {
			w.withOperations()
			uid, c := w.registering(round, false)
			return func(on process) error {
				_, err := on.Operations.Submit(w.ctx, operatorFor(uid), operations.Submission{Command: c.Command, Kind: ports.OperationRegistration, Registrations: c})
				return err
			}
		}},
		row{name: "run an operation", covers: "Operations.RunOperationChunk", begin: func(w *world, round int) func(process) error {
			w.withOperations()
			uid, c := w.registering(round, false)
			op, err := w.Operations.Submit(w.ctx, operatorFor(uid), operations.Submission{Command: c.Command, Kind: ports.OperationRegistration, Registrations: c})
			require.NoError(w.t, err)
			return func(on process) error {
				for {
					if done, err := on.Operations.RunOperationChunk(w.ctx, op.ID); done || err != nil {
						return err
					}
				}
			}
		}},
	)
}

// moving is the transfer of the two devices of a round from Delta Rail to North
// Radio, which gives its places back.
func (w *world) moving(round int, atomic bool) transfers.Transfer {
	w.t.Helper()
	reseller, customer := w.fixed("North Radio"), w.fixed("Delta Rail")
	if round > 1 {
		w.transfer(reseller, customer, router(2*round-2).SerialNumber, router(2*round-1).SerialNumber)
	}
	return transfers.Transfer{
		Command: newCommand(), From: customer, To: reseller, Devices: w.registered(customer, routers(2*round, 2)...), Atomic: atomic,
	}
}

func transferRows() []row {
	rows := twice("transfer devices", "Transfers.Transfer", false, func(w *world, round int, atomic bool) func(process) error {
		c := w.moving(round, atomic)
		return func(on process) error { return bulk(on.Transfers.Transfer(w.ctx, operator(), c)) }
	})
	rows = append(rows, row{name: "carry out a plan", covers: "Transfers.Transfer", begin: func(w *world, round int) func(process) error {
		plan := w.moving(round, false)
		made, err := w.Transfers.Plan(w.ctx, operator(), plan)
		require.NoError(w.t, err)
		c := transfers.Transfer{Command: newCommand(), Plan: made.Plan.Plan}
		return func(on process) error { return bulk(on.Transfers.Transfer(w.ctx, operator(), c)) }
	}})
	rows = append(rows, row{name: "plan a transfer", covers: "Transfers.Plan", begin: func(w *world, round int) func(process) error {
		c := w.moving(round, false)
		return func(on process) error {
			_, err := on.Transfers.Plan(w.ctx, operator(), c)
			return err
		}
	}})
	return append(rows, twice("reverse a transfer", "Transfers.Reverse", false, func(w *world, round int, atomic bool) func(process) error {
		c := w.moving(round, false)
		require.NoError(w.t, bulk(w.Transfers.Transfer(w.ctx, operator(), c)))
		back := transfers.Reverse{Command: because(), Transfer: c.ID, Atomic: atomic}
		return func(on process) error { return bulk(on.Transfers.Reverse(w.ctx, operator(), back)) }
	})...)
}

func renewalRows() []row {
	rows := twice("renew devices", "Renewals.Renew", false, func(w *world, round int, atomic bool) func(process) error {
		c := w.ordered(round)
		c.Atomic = atomic
		return func(on process) error { return bulk(on.Renewals.Renew(w.ctx, operator(), c)) }
	})
	rows = append(rows, twice("reverse a renewal", "Renewals.Reverse", true, func(w *world, round int, atomic bool) func(process) error {
		order := w.ordered(round)
		require.NoError(w.t, bulk(w.Renewals.Renew(w.ctx, operator(), order)))
		c := renewals.Reverse{Command: newCommand(), Renewal: order.ID, Atomic: atomic}
		c.Reason = "a mistake"
		return func(on process) error { return bulk(on.Renewals.Reverse(w.ctx, operator(), c)) }
	})...)
	rows = append(rows, twice("apply an order", "Renewals.Apply", false, func(w *world, round int, atomic bool) func(process) error {
		c := renewals.Answer{Command: newCommand(), Renewal: w.waiting(round), Atomic: atomic}
		return func(on process) error { return bulk(on.Renewals.Apply(w.ctx, operator(), c)) }
	})...)
	return append(rows,
		row{name: "order a renewal", covers: "Renewals.Renew", begin: func(w *world, round int) func(process) error {
			c := w.ordered(round)
			return func(on process) error {
				return bulk(on.Renewals.Renew(w.ctx, administratorOf(w.fixed("Delta Rail")), c))
			}
		}},
		row{name: "decline an order", covers: "Renewals.Decline", begin: func(w *world, round int) func(process) error {
			c := renewals.Answer{Command: newCommand(), Renewal: w.waiting(round)}
			c.Reason = "not paid"
			return func(on process) error {
				_, err := on.Renewals.Decline(w.ctx, operator(), c)
				return err
			}
		}},
		row{name: "withdraw an order", covers: "Renewals.Withdraw", begin: func(w *world, round int) func(process) error {
			c := renewals.Answer{Command: newCommand(), Renewal: w.waiting(round)}
			return func(on process) error {
				_, err := on.Renewals.Withdraw(w.ctx, administratorOf(w.fixed("Delta Rail")), c)
				return err
			}
		}})
}

// ordered is an order for two new devices of Delta Rail, with a number.
func (w *world) ordered(round int) renewals.Renew {
	w.t.Helper()
	serials := w.registered(w.fixed("Delta Rail"), routers(2*round, 2)...)
	return renewals.Renew{Command: newCommand(), Devices: serials, Term: calendar.Months(12), OrderNumber: "PO-1"}
}

// waiting is such an order that waits.
func (w *world) waiting(round int) uuid.UUID {
	w.t.Helper()
	c := w.ordered(round)
	require.NoError(w.t, bulk(w.Renewals.Renew(w.ctx, administratorOf(w.fixed("Delta Rail")), c)))
	return c.ID
}

func timeRows() []row {
	return []row{{name: "do what has fallen due", covers: "Schedule.RunDue", timed: true, begin: func(w *world, round int) func(process) error {
		reseller := w.fixed("North Radio")
		if round == 1 {
			_, err := w.People.Activate(w.ctx, w.Tokens.Invitation(reseller, 1), people.Activate{Command: newCommand(), Password: password})
			require.NoError(w.t, err)
		} else {
			for _, r := range routers(2*round-2, 2) {
				_, err := w.Devices.Retire(w.ctx, operator(), devices.LifeCycle{Command: newCommand(), Device: r.SerialNumber})
				require.NoError(w.t, err)
			}
		}
		w.registered(reseller, routers(2*round, 2)...)
		// An invitation that runs out, and a partnership that ends.
		customer, err := w.Accounts.CreateCustomer(w.ctx, administratorOf(reseller), numbered(round, ""))
		require.NoError(w.t, err)
		until := w.clock.Now().AddDate(1, 0, 0)
		_, err = w.Partnerships.Assign(w.ctx, operator(), partnerships.Assign{Command: newCommand(), Reseller: reseller, Customer: customer.UID, Until: &until})
		require.NoError(w.t, err)
		w.invited(reseller, round, false)
		// A retired device whose account does not answer.
		left := w.registered(customer.UID, router(1000+round))[0]
		_, err = w.Devices.Retire(w.ctx, operator(), devices.LifeCycle{Command: newCommand(), Device: left})
		require.NoError(w.t, err)
		_, err = w.Devices.RequestRelease(w.ctx, administratorOf(reseller), devices.RequestRelease{Command: newCommand(), SerialNumber: left, IMEI: imei(1000 + round)})
		require.NoError(w.t, err)
		w.visible()
		w.setDay(calendar.DateOf(w.clock.Now()).AddMonths(121, 1)) // two periods are due
		return func(on process) error { return on.Schedule.RunDue(w.ctx) }
	}}}
}
