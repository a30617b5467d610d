// Package conformance drives the event node with clients that are not written in
// Go and share no code with it.
package conformance_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
)

// The official Node.js clients, the old and the new one. They are downloaded, so
// the test runs only when FLEETLEDGER_CONFORMANCE=1 asks for it.
func TestNodeClients(t *testing.T) {
	t.Parallel()
	if os.Getenv("FLEETLEDGER_CONFORMANCE") != "1" {
		t.Skip("set FLEETLEDGER_CONFORMANCE=1 to run the Node.js clients against the event node")
	}
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"package.json", "conformance.mjs"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+"/"+name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, dir, "npm", "install", "--no-audit", "--no-fund", "--no-package-lock")
	for _, flavour := range []string{"eventstore", "kurrent"} {
		for _, scheme := range []string{"esdb", "esdb+discover"} {
			t.Run(flavour+"/"+scheme, func(t *testing.T) {
				t.Parallel()
				node := eventnodetest.Start(t, eventnodetest.TCP())
				url := strings.Replace(node.ConnectionString(), "esdb", scheme, 1)
				run(t, dir, "node", "conformance.mjs", url, flavour)
			})
		}
	}
}

func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	t.Logf("%s %s\n%s", name, strings.Join(args, " "), out)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
