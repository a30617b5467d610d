package app_test

import (
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// deviceRow is a row about one device of Delta Rail.
func deviceRow(name, covers, single string, do func(w *world, on process, c app.DeviceCommand) error) row {
	return row{name: name, covers: covers, single: single, begin: func(w *world, round int) func(process) error {
		c := app.DeviceCommand{Command: command(), Device: w.registered(w.fixed("Delta Rail"), router(round))[0]}
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
func (w *world) registering(round int, atomic bool) (uuid.UUID, app.RegisterDevices) {
	w.t.Helper()
	return w.fixed("Delta Rail"), app.RegisterDevices{Command: command(), Items: routers(2*round, 2), Atomic: atomic}
}

// asked is a request for the release of the device of a round, which Delta Rail
// has, by South Radio.
func (w *world) asked(round int) (buyer uuid.UUID, c app.RequestRelease) {
	w.t.Helper()
	w.registered(w.fixed("Delta Rail"), router(round))
	return w.fixed("South Radio"), app.RequestRelease{Command: command(), SerialNumber: router(round).SerialNumber, IMEI: imei(round)}
}

func deviceRows() []row {
	rows := twice("register devices", "RegisterDevices", false, func(w *world, round int, atomic bool) func(process) error {
		uid, c := w.registering(round, atomic)
		return func(on process) error { return bulk(on.RegisterDevices(w.ctx, operatorFor(uid), c)) }
	})
	return append(rows,
		row{name: "register a released device", covers: "RegisterDevices", begin: func(w *world, round int) func(process) error {
			buyer, c := w.asked(round)
			asked, err := w.RequestRelease(w.ctx, administratorOf(buyer), c)
			require.NoError(w.t, err)
			_, err = w.AnswerRelease(w.ctx, operator(), asked.Request.Request, true, command())
			require.NoError(w.t, err)
			register := app.RegisterDevices{Command: command(), Items: []app.Registration{router(round)}}
			return func(on process) error { return bulk(on.RegisterDevices(w.ctx, operatorFor(buyer), register)) }
		}},
		row{name: "register into the places of a reseller", covers: "RegisterDevices", begin: func(w *world, round int) func(process) error {
			reseller, c := w.fixed("North Radio"), app.RegisterDevices{Command: command(), Items: routers(2*round, 2)}
			return func(on process) error { return bulk(on.RegisterDevices(w.ctx, operatorFor(reseller), c)) }
		}},
		row{name: "ask for a release", covers: "RequestRelease", begin: func(w *world, round int) func(process) error {
			buyer, c := w.asked(round)
			return func(on process) error {
				_, err := on.RequestRelease(w.ctx, administratorOf(buyer), c)
				return err
			}
		}},
		row{name: "grant a release", covers: "AnswerRelease", begin: func(w *world, round int) func(process) error {
			buyer, c := w.asked(round)
			asked, err := w.RequestRelease(w.ctx, administratorOf(buyer), c)
			require.NoError(w.t, err)
			answer := command()
			return func(on process) error {
				_, err := on.AnswerRelease(w.ctx, operator(), asked.Request.Request, true, answer)
				return err
			}
		}},
		deviceRow("edit a device", "EditDevice", "", func(w *world, on process, c app.DeviceCommand) error {
			name := "renamed " + c.Device
			_, err := on.EditDevice(w.ctx, operator(), app.EditDevice{Command: c.Command, Device: c.Device, Name: &name, Labels: &[]string{"a"}})
			return err
		}),
		deviceRow("retire a device", "RetireDevice", "", func(w *world, on process, c app.DeviceCommand) error {
			_, err := on.RetireDevice(w.ctx, operator(), c)
			return err
		}),
		deviceRow("suspend a device", "SuspendDevice", oneAppend, func(w *world, on process, c app.DeviceCommand) error {
			_, err := on.SuspendDevice(w.ctx, operator(), c)
			return err
		}),
		deviceRow("resume a device", "ResumeDevice", oneAppend, func(w *world, on process, c app.DeviceCommand) error {
			_, err := w.SuspendDevice(w.ctx, operator(), app.DeviceCommand{Command: app.Command{ID: seed(1)}, Device: c.Device})
			require.NoError(w.t, err)
			_, err = on.ResumeDevice(w.ctx, operator(), c)
			return err
		}),
		deviceRow("grant an allocation", "GrantAllocation", oneAppend, func(w *world, on process, c app.DeviceCommand) error {
			_, err := on.GrantAllocation(w.ctx, operator(), app.GrantAllocation{Command: c.Command, Device: c.Device, Term: calendar.Months(36)})
			return err
		}),
		row{name: "submit an operation", covers: "Submit", single: oneWrite, begin: func(w *world, round int) func(process) error {
			w.withOperations()
			uid, c := w.registering(round, false)
			return func(on process) error {
				_, err := on.Submit(w.ctx, operatorFor(uid), app.Submission{Command: c.Command, Kind: ports.OperationRegistration, Registrations: c})
				return err
			}
		}},
		row{name: "run an operation", covers: "RunOperationChunk", begin: func(w *world, round int) func(process) error {
			w.withOperations()
			uid, c := w.registering(round, false)
			op, err := w.Submit(w.ctx, operatorFor(uid), app.Submission{Command: c.Command, Kind: ports.OperationRegistration, Registrations: c})
			require.NoError(w.t, err)
			return func(on process) error {
				for {
					if done, err := on.RunOperationChunk(w.ctx, op.ID); done || err != nil {
						return err
					}
				}
			}
		}},
	)
}

// moving is the transfer of the two devices of a round from Delta Rail to North
// Radio, which gives its places back.
func (w *world) moving(round int, atomic bool) app.TransferDevices {
	w.t.Helper()
	reseller, customer := w.fixed("North Radio"), w.fixed("Delta Rail")
	if round > 1 {
		w.transfer(reseller, customer, router(2*round-2).SerialNumber, router(2*round-1).SerialNumber)
	}
	return app.TransferDevices{
		Command: command(), From: customer, To: reseller, Devices: w.registered(customer, routers(2*round, 2)...), Atomic: atomic,
	}
}

func transferRows() []row {
	rows := twice("transfer devices", "TransferDevices", false, func(w *world, round int, atomic bool) func(process) error {
		c := w.moving(round, atomic)
		return func(on process) error { return bulk(on.TransferDevices(w.ctx, operator(), c)) }
	})
	rows = append(rows, row{name: "carry out a plan", covers: "TransferDevices", begin: func(w *world, round int) func(process) error {
		plan := w.moving(round, false)
		made, err := w.PlanTransfer(w.ctx, operator(), plan)
		require.NoError(w.t, err)
		c := app.TransferDevices{Command: command(), Plan: made.Plan.Plan}
		return func(on process) error { return bulk(on.TransferDevices(w.ctx, operator(), c)) }
	}})
	rows = append(rows, row{name: "plan a transfer", covers: "PlanTransfer", begin: func(w *world, round int) func(process) error {
		c := w.moving(round, false)
		return func(on process) error {
			_, err := on.PlanTransfer(w.ctx, operator(), c)
			return err
		}
	}})
	return append(rows, twice("reverse a transfer", "ReverseTransfer", false, func(w *world, round int, atomic bool) func(process) error {
		c := w.moving(round, false)
		require.NoError(w.t, bulk(w.TransferDevices(w.ctx, operator(), c)))
		back := app.ReverseTransfer{Command: because(), Transfer: c.ID, Atomic: atomic}
		return func(on process) error { return bulk(on.ReverseTransfer(w.ctx, operator(), back)) }
	})...)
}

func renewalRows() []row {
	rows := twice("renew devices", "RenewDevices", false, func(w *world, round int, atomic bool) func(process) error {
		devices := w.registered(w.fixed("Delta Rail"), routers(2*round, 2)...)
		c := app.RenewDevices{Command: command(), Devices: devices, Term: calendar.Months(12), Atomic: atomic}
		return func(on process) error { return bulk(on.RenewDevices(w.ctx, operator(), c)) }
	})
	return append(rows, twice("reverse a renewal", "ReverseRenewal", true, func(w *world, round int, atomic bool) func(process) error {
		devices := w.registered(w.fixed("Delta Rail"), routers(2*round, 2)...)
		order := app.RenewDevices{Command: command(), Devices: devices, Term: calendar.Months(12)}
		require.NoError(w.t, bulk(w.RenewDevices(w.ctx, operator(), order)))
		c := app.ReverseRenewal{Command: command(), Renewal: order.ID, Atomic: atomic}
		return func(on process) error { return bulk(on.ReverseRenewal(w.ctx, operator(), c)) }
	})...)
}

func timeRows() []row {
	return []row{{name: "do what has fallen due", covers: "RunDue", timed: true, begin: func(w *world, round int) func(process) error {
		reseller := w.fixed("North Radio")
		if round == 1 {
			_, err := w.ActivateAccount(w.ctx, w.InvitationToken(reseller, 1), app.ActivateAccount{Command: command(), Password: password})
			require.NoError(w.t, err)
		} else {
			for _, r := range routers(2*round-2, 2) {
				_, err := w.RetireDevice(w.ctx, operator(), app.DeviceCommand{Command: command(), Device: r.SerialNumber})
				require.NoError(w.t, err)
			}
		}
		w.registered(reseller, routers(2*round, 2)...)
		// An invitation that runs out, and a partnership that ends.
		customer, err := w.CreateCustomer(w.ctx, administratorOf(reseller), numbered(round, ""))
		require.NoError(w.t, err)
		until := w.clock.Now().AddDate(1, 0, 0)
		_, err = w.AssignPartnerProfile(w.ctx, operator(), app.AssignPartnerProfile{Command: command(), Reseller: reseller, Customer: customer.UID, Until: &until})
		require.NoError(w.t, err)
		w.invited(reseller, round, false)
		w.visible()
		w.clock.set(calendar.DateOf(w.clock.Now()).AddMonths(121, 1)) // two periods are due
		return func(on process) error { return on.RunDue(w.ctx) }
	}}}
}
