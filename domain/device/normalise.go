package device

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/text"
)

// Limits of what people give a device.
const (
	MaxNameLength  = 100 // runes
	MaxLabels      = 50
	MaxLabelLength = 50 // runes
)

var (
	serialForm = regexp.MustCompile(`^[A-Za-z0-9]{4,32}$`)
	imeiForm   = regexp.MustCompile(`^[0-9]{15}$`)
	macForm    = regexp.MustCompile(`^[0-9A-Fa-f]{12}$`)
	esnForm    = regexp.MustCompile(`^([0-9A-Fa-f]{8}|[0-9]{11}|[0-9A-Fa-f]{14}|[0-9]{18})$`)
	iccidForm  = regexp.MustCompile(`^[0-9]{18,20}$`)
)

// NormaliseSerial trims and upper-cases a serial number: 4 to 32 Latin letters
// and digits. Code serial_invalid.
func NormaliseSerial(s string) (string, []domain.Problem) {
	s = strings.TrimSpace(s)
	if !serialForm.MatchString(s) { // before upper-casing: ſ would become an S
		return "", invalid(CodeSerialInvalid, "A serial number has 4 to 32 letters and digits.")
	}
	return strings.ToUpper(s), nil
}

// ParseFactor reads the second identifying factor, of which exactly one must
// be given. An IMEI has 15 digits, the last a Luhn check digit; a MAC address
// 12 hexadecimal digits, separators ignored; an ESN 8 hexadecimal or 11 decimal
// digits (as a MEID 14 or 18). Values are upper-cased, without separators.
func ParseFactor(imei, mac, esn string) (Factor, []domain.Problem) {
	imei, mac, esn = strings.TrimSpace(imei), strings.TrimSpace(mac), strings.TrimSpace(esn)
	given := 0
	for _, v := range []string{imei, mac, esn} {
		if v != "" {
			given++
		}
	}
	switch {
	case given == 0:
		return Factor{}, invalid(CodeFactorMissing, "A second identifying factor is needed: an IMEI, a MAC address or an ESN.")
	case given > 1:
		return Factor{}, invalid(CodeFactorAmbiguous, "Give one of IMEI, MAC address and ESN, not several.")
	case imei != "":
		if !imeiForm.MatchString(imei) || !luhn(imei) {
			return Factor{}, invalid(CodeIMEIInvalid, "An IMEI has 15 digits, the last of them a check digit. This one does not fit.")
		}
		return Factor{IMEI, imei}, nil
	case mac != "":
		mac = strings.NewReplacer(":", "", "-", "", ".", "", " ", "").Replace(mac)
		if !macForm.MatchString(mac) {
			return Factor{}, invalid(CodeMACInvalid, "A MAC address has 12 hexadecimal digits.")
		}
		return Factor{MAC, strings.ToUpper(mac)}, nil
	default:
		if !esnForm.MatchString(esn) {
			return Factor{}, invalid(CodeESNInvalid, "An ESN has 8 hexadecimal or 11 decimal digits, a MEID 14 hexadecimal or 18 decimal ones.")
		}
		return Factor{ESN, strings.ToUpper(esn)}, nil
	}
}

// luhn checks the check digit of a string of digits.
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// NormaliseICCID trims a SIM's number: 18 to 20 digits, empty for none. Code
// iccid_invalid.
func NormaliseICCID(s string) (string, []domain.Problem) {
	s = strings.TrimSpace(s)
	if s != "" && !iccidForm.MatchString(s) {
		return "", invalid(CodeICCIDInvalid, "An ICCID has 18 to 20 digits.")
	}
	return s, nil
}

// NormaliseName gives a device name as it is shown, and the key under which it
// is unique in its account. Code name_invalid.
func NormaliseName(s string) (display, key string, p []domain.Problem) {
	display, key, err := text.Name(s, MaxNameLength)
	if err != nil {
		return "", "", invalid(CodeNameInvalid, fmt.Sprintf("The name %v.", err))
	}
	return display, key, nil
}

// NormaliseLabels trims labels and drops repeated ones, keeping their order.
// Code label_invalid.
func NormaliseLabels(labels []string) ([]string, []domain.Problem) {
	var kept []string
	for i, l := range labels {
		display, _, err := text.Name(l, MaxLabelLength)
		if err != nil {
			return nil, invalid(CodeLabelInvalid, fmt.Sprintf("Label %d %v.", i+1, err))
		}
		if strings.Contains(display, "|") {
			return nil, invalid(CodeLabelInvalid, fmt.Sprintf("Label %d has a |, which separates labels.", i+1))
		}
		if !slices.Contains(kept, display) {
			kept = append(kept, display)
		}
	}
	if len(kept) > MaxLabels {
		return nil, tooManyLabels()
	}
	return kept, nil
}

// RecogniseModel finds the model of a normalised serial number. named, when not
// empty, is the model the caller believes it to be. Codes model_unknown and
// model_mismatch.
func RecogniseModel(c *catalogue.Catalogue, serialNumber, named string) (catalogue.Model, []domain.Problem) {
	named = strings.TrimSpace(named)
	if _, known := c.Model(named); named != "" && !known {
		return catalogue.Model{}, invalid(CodeModelUnknown, "The catalogue has no such model.")
	}
	model, ok := c.Recognise(serialNumber)
	switch {
	case !ok:
		return catalogue.Model{}, invalid(CodeModelUnknown, "The serial number fits no model of the catalogue.")
	case named != "" && !strings.EqualFold(model.Name, named):
		p := invalid(CodeModelMismatch, "The serial number is that of another model than the one named.")
		p[0].Facts = map[string]string{"model": model.Name, "named": named}
		return catalogue.Model{}, p
	}
	return model, nil
}

// Named finds the uid of a device by what a person calls it: its uid or its
// serial number. It is false for what can be neither.
func Named(name string) (uuid.UUID, bool) {
	if len(name) == 36 {
		uid, err := uuid.Parse(name)
		return uid, err == nil
	}
	serial, problems := NormaliseSerial(name)
	return UID(serial), len(problems) == 0
}
