package web_test

import (
	"net/http"
	"testing"
)

// Many devices are changed in one way, after a check that changes nothing.
func TestDeviceChangesOnThePages(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	one := d.registered(t, serial, imei, "engine-1")
	two := d.registered(t, otherSerial, otherIMEI, "engine-2")
	sam := d.signedIn(t, "sam@summit.example")
	sam.opens("/devices").shows(http.StatusOK, `formaction="/device-changes"`)
	sam.opens("/device-changes").shows(http.StatusOK, "Change devices")
	sam.opens("/device-changes?device="+one+"&device="+two).shows(http.StatusOK, "Change 2 devices", one, two)
	sam.opens("/device-changes?all=search%3Dengine-2").shows(http.StatusOK, "Change 1 device", two).lacks(one)

	send := func(do string, pairs ...string) seen {
		return sam.fills("/device-changes", "/device-changes", append(pairs, "do", do, "devices", serial+"\n"+two)...)
	}
	send("check", "action", "relabel", "add", "depot north").shows(http.StatusOK, "nothing is changed yet", "Relabel 2 devices", "Would be changed")
	sam.opens("/devices").shows(http.StatusOK).lacks("depot north")
	send("change", "action", "relabel", "add", "depot north").shows(http.StatusOK, "Done", "Changed").lacks("Relabel 2 devices")
	sam.opens("/devices?label=depot+north").shows(http.StatusOK, "engine-1", "engine-2")
	send("check", "action", "relabel", "add", "depot north").shows(http.StatusOK, "Unchanged").lacks("Relabel")
	for _, step := range []struct{ action, state string }{{"suspend", "suspended"}, {"resume", "active"}, {"retire", "retired"}} {
		send("change", "action", step.action, "reason", "Season over").shows(http.StatusOK, "Done")
		sam.opens("/devices?state="+step.state).shows(http.StatusOK, "engine-1", "engine-2")
	}
	send("check", "action", "suspend").shows(http.StatusOK, "Refused").lacks("Suspend 2")
	send("check", "action", "relabel").shows(http.StatusUnprocessableEntity, "Name a label to add")
	send("check").shows(http.StatusUnprocessableEntity, "Error: Change devices", "Choose what to do")

	pat := d.signedIn(t, "pat@prairie.example")
	pat.fills("/device-changes", "/device-changes", "do", "check", "action", "suspend", "devices", serial).
		shows(http.StatusOK, "device_not_found").lacks("engine-1")
}
