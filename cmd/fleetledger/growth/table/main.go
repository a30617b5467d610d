// Command table writes what package growth works out into the README.
package main

import (
	"log"
	"os"

	"github.com/fleetledger/fleetledger/cmd/fleetledger/growth"
)

// readme is beside go.mod; go generate runs in the folder of package growth.
const readme = "../../../README.md"

func main() {
	log.SetFlags(0)
	if err := write(); err != nil {
		log.Fatal(err)
	}
}

func write() error {
	text, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	whole, err := growth.In(string(text), growth.Section())
	if err != nil {
		return err
	}
	return os.WriteFile(readme, []byte(whole), 0o600) //nolint:gosec // the path is the constant above
}
