package apitest

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// Main runs the tests of a package whose examples share something that is
// begun once before them, such as a Service. It is for TestMain.
func Main(m *testing.M, begin func(testing.TB)) int {
	t := &outside{ctx: context.Background()}
	defer t.end()
	begin(t)
	return m.Run()
}

// outside stands in for a test where none runs: a failure ends the process.
type outside struct {
	testing.TB // the methods that are not needed here
	ctx        context.Context
	cleanups   []func()
}

func (t *outside) end() {
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
}

func (*outside) Name() string                { return "TestMain" }
func (*outside) Helper()                     {}
func (t *outside) Context() context.Context  { return t.ctx }
func (t *outside) Cleanup(f func())          { t.cleanups = append(t.cleanups, f) }
func (t *outside) Error(args ...any)         { t.Fatal(args...) }
func (t *outside) Errorf(f string, a ...any) { t.Fatal(fmt.Sprintf(f, a...)) }
func (t *outside) Fatalf(f string, a ...any) { t.Fatal(fmt.Sprintf(f, a...)) }

// Fatal ends the process.
func (t *outside) Fatal(args ...any) {
	fmt.Fprintln(os.Stderr, args...)
	os.Exit(1)
}
