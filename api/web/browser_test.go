package web_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/fleetledger/fleetledger/api/apitest"
)

// axe finds what keeps people from using a page; testdata/axe/LICENSE is its licence.
//
//go:embed testdata/axe/axe.min.js
var axe string

// screenshots is where pictures of the pages are put, to be looked at.
const screenshots = "testdata/screenshots"

// chromium starts a browser for a test. Without FLEETLEDGER_BROWSER, or without a
// browser, the test is skipped.
func chromium(t *testing.T) context.Context {
	t.Helper()
	if os.Getenv("FLEETLEDGER_BROWSER") == "" {
		t.Skip("FLEETLEDGER_BROWSER is not set: no tests in a browser")
	}
	at, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium: no tests in a browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(at), chromedp.NoSandbox)
	allocator, end := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(end)
	ctx, end := chromedp.NewContext(allocator)
	t.Cleanup(end)
	must(t, chromedp.Do(ctx))
	return ctx
}

// window is a window of a browser, which shares no cookies with others.
type window struct {
	t    *testing.T
	desk *desk
	ctx  context.Context

	clicks int // on buttons and links

	mu         sync.Mutex
	complaints []string // what the console said: errors, things the policy refused
}

// window opens one.
func (d *desk) window(browser context.Context, t *testing.T) *window {
	t.Helper()
	ctx, end := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	w := &window{t: t, desk: d, ctx: ctx}
	must(t, chromedp.Do(ctx))
	must(t, chromedp.Listen(ctx, w.hears))
	w.looks(1440, 1, false)
	return w
}

// hears keeps what a page complains of. That a form was refused is no complaint.
func (w *window) hears(event any) {
	var said string
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level != "error" || strings.Contains(e.Entry.Text, "status of 4") {
			return
		}
		said = e.Entry.Text
	case *runtime.EventExceptionThrown:
		said = e.ExceptionDetails.Text
	case *runtime.EventConsoleAPICalled:
		if e.Type != "error" && e.Type != "warning" {
			return
		}
		said = string(e.Type)
	default:
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.complaints = append(w.complaints, said)
}

// quiet fails the test if a page complained since it was last asked.
func (w *window) quiet(where string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, said := range w.complaints {
		w.t.Errorf("%s: the console says %s", where, said)
	}
	w.complaints = nil
}

// looks sets the width of the window, how much it is zoomed, and the scheme of its
// colours.
func (w *window) looks(width int64, scale float64, dark bool) {
	w.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	w.does(chromedp.EmulateViewport(width, 900, chromedp.EmulateScale(scale)), func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return chromedp.Void{}, err
	})
}

// scripts turns the scripts of pages on or off.
func (w *window) scripts(on bool) {
	w.t.Helper()
	w.does(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return chromedp.Void{}, err
	})
}

func (w *window) does(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, end := context.WithTimeout(w.ctx, 30*time.Second)
	defer end()
	if err := chromedp.Do(ctx, steps...); err != nil {
		w.fails(err)
	}
}

// fails ends the test with what the page shows.
func (w *window) fails(err error) {
	w.t.Helper()
	shown, _ := chromedp.Run(w.ctx, chromedp.Evaluate[string](`location.pathname + ": " + document.body.innerText`))
	w.t.Fatalf("%v at %s", err, shown)
}

// opens shows a page.
func (w *window) opens(path string) {
	w.t.Helper()
	w.does(chromedp.Navigate(w.desk.url + path))
}

// types fills in a field by its name.
func (w *window) types(name, text string) {
	w.t.Helper()
	w.does(chromedp.SendKeys(chromedp.CSS(fmt.Sprintf("main form:has(button) [name=%q]:not([type=hidden])", name)), text))
}

// presses clicks on a button or link of the page that begins with a text, and waits
// for the page that it leads to.
func (w *window) presses(text string) {
	w.t.Helper()
	w.clicksOn(fmt.Sprintf("//main//*[(self::a or self::button) and starts-with(normalize-space(.), %q)]", text))
}

// goes clicks on an entry of the navigation.
func (w *window) goes(name string) {
	w.t.Helper()
	w.clicksOn(fmt.Sprintf("//nav[@id='nav']//a[normalize-space(.)=%q]", name))
}

func (w *window) clicksOn(what string) {
	w.t.Helper()
	w.clicks++
	ctx, end := context.WithTimeout(w.ctx, 30*time.Second)
	defer end()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.Search(what))); err != nil {
		w.fails(fmt.Errorf("click on %s: %w", what, err))
	}
}

// reads evaluates an expression.
func reads[T any](w *window, expression string) T {
	w.t.Helper()
	ctx, end := context.WithTimeout(w.ctx, 30*time.Second)
	defer end()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		w.fails(err)
	}
	return value
}

// sees checks that texts are on the page.
func (w *window) sees(texts ...string) {
	w.t.Helper()
	shown := reads[string](w, `document.body.innerText`)
	for _, text := range texts {
		if !strings.Contains(shown, text) {
			w.t.Fatalf("%q is not on the page: %s", text, shown)
		}
	}
}

// signsIn signs in; the operator is who has no address.
func (w *window) signsIn(email string) {
	w.t.Helper()
	if email != "" {
		w.opens("/sign-in")
		w.types("email", email)
		w.types("password", password)
		w.presses("Sign in")
		return
	}
	w.signsInWith("Sign in as operator", "operatorToken", apitest.OperatorToken)
}

// signsInWith signs in by a token.
func (w *window) signsInWith(button, field, token string) {
	w.t.Helper()
	w.opens("/sign-in")
	opensPart("details")(w)
	w.types(field, token)
	w.presses(button)
}

// audit is what axe found on a page.
type audit struct {
	Passes     int      `json:"passes"`
	Violations []string `json:"violations"`
}

// axeRuns are what axe is asked: for all of its rules, or how well colours can be read,
// which is all that a dark page can get wrong that a light one does not.
var axeRuns = map[string]string{"whole": `axe.run()`, "colours": `axe.run({runOnly: ["color-contrast"]})`}

// audited has axe look at the page, from outside of its policy, which stays.
func (w *window) audited(how string) audit {
	w.t.Helper()
	ctx, end := context.WithTimeout(w.ctx, time.Minute)
	defer end()
	yes := true
	found, err := chromedp.Run(ctx, func(ctx context.Context, t *chromedp.Target) (found audit, err error) {
		tree, err := cdp.Call(ctx, t, page.GetFrameTree, cdp.Empty{})
		if err != nil {
			return found, err
		}
		world, err := cdp.Call(ctx, t, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: tree.FrameTree.Frame.ID, WorldName: "axe"})
		if err != nil {
			return found, err
		}
		here, err := cdp.Call(ctx, t, runtime.Evaluate, runtime.EvaluateParams{Expression: `typeof axe`, ContextID: world.ExecutionContextID, ReturnByValue: &yes})
		if err != nil {
			return found, err
		}
		if string(here.Result.Value) == `"undefined"` { // since the page was opened
			if _, err = cdp.Call(ctx, t, runtime.Evaluate, runtime.EvaluateParams{Expression: axe, ContextID: world.ExecutionContextID}); err != nil {
				return found, err
			}
		}
		answer, err := cdp.Call(ctx, t, runtime.Evaluate, runtime.EvaluateParams{
			Expression: axeRuns[how] + `.then(r => ({
				passes: r.passes.reduce((n, p) => n + p.nodes.length, 0),
				violations: r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + v.help + ": " + n.html.slice(0, 200)))}))`,
			ContextID: world.ExecutionContextID, AwaitPromise: &yes, ReturnByValue: &yes,
		})
		if err != nil {
			return found, err
		}
		if answer.ExceptionDetails != nil {
			return found, fmt.Errorf("axe: %s", answer.ExceptionDetails.Text)
		}
		return found, json.Unmarshal(answer.Result.Value, &found)
	})
	if err != nil {
		w.fails(err)
	}
	return found
}

// pictured takes a picture of the whole page.
func (w *window) pictured(name string) {
	w.t.Helper()
	picture, err := chromedp.Run(w.ctx, chromedp.FullScreenshot(85))
	must(w.t, err)
	must(w.t, os.MkdirAll(screenshots, 0o755))
	must(w.t, os.WriteFile(filepath.Join(screenshots, name+".jpg"), picture, 0o600))
}

// picks chooses one of several.
func picks(name, value string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.CSS(fmt.Sprintf("main input[name=%q][value=%q]", name, value)))
}

// ticks chooses a device in a list.
func ticks(name string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.Search(fmt.Sprintf("//tr[contains(., %q)]//input[@type='checkbox']", name)))
}
