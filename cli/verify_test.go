package cli_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/cli"
)

// four has an account in each state.
func four(t *testing.T) (b *bench, all map[account.CheckState]account.Account) {
	t.Helper()
	b = newBench(t)
	b.reports, all = map[account.ClientID]account.Report{}, map[account.CheckState]account.Account{}
	for name, state := range map[account.Name]account.CheckState{"Adatum": account.Holds, "Contoso": account.Missing, "Fabrikam": account.Warning, "Northwind": account.Unknown} {
		all[state] = b.linked(name, time.Now().AddDate(0, 5, 0))
		r := checked(state)
		if state != account.Holds {
			r.Checks[4].Problem = &account.Problem{Kind: account.NotLicensed}
		}
		b.reports[all[state].Microsoft().Client] = r
	}
	return b, all
}

func TestVerify(t *testing.T) {
	b, all := four(t)
	for name, want := range map[string]struct {
		code int
		says string
	}{
		"adatum":    {cli.Done, "Adatum: every check holds.\n"},
		"Fabrikam":  {cli.Done, "Fabrikam: every check holds, with a warning.\n  Access reviews readable: holds, with a warning. The tenant has no licence"},
		"Contoso":   {cli.NotLinked, "Contoso: a check does not hold.\n  Access reviews readable: does not hold."},
		"Northwind": {cli.Unchecked, "Northwind: something could not be checked.\n  Access reviews readable: could not be checked."},
	} {
		if code, out, errs := b.call("verify", name); code != want.code || !strings.HasPrefix(out, want.says) {
			t.Errorf("%s: code %d, want %d; %q, %q", name, code, want.code, out, errs)
		}
	}
	for state, a := range all {
		if r, err := b.registry.LastReport(t.Context(), a.ID); err != nil || r.Checks[4].State != state {
			t.Errorf("%s: kept %+v, %v", a.Name, r, err)
		}
	}
	if code, _, errs := b.call("verify", "Adatum", "--wait", "1h"); code != cli.Done { // what holds is not waited for
		t.Errorf("with time: code %d, %q", code, errs)
	}
	if code, out, _ := b.call("verify", "Contoso", "--wait", "1ms"); code != cli.NotLinked || strings.Count(out, "Contoso: ") != 1 {
		t.Errorf("when the time is over: code %d, %q", code, out)
	}
	for _, args := range [][]string{{"--all", "Contoso"}, {"--watch", "--wait", "1m"}, {"--wait", "-1s"}} {
		if code, _, errs := b.call(append([]string{"verify"}, args...)...); code != cli.WrongUsage {
			t.Errorf("%v: code %d, %q", args, code, errs)
		}
	}
	if code, out, _ := b.call("verify", "Adatum", "fabrikam", "ADATUM"); code != cli.Done || strings.Count(out, "Adatum") != 1 || !strings.Contains(out, "Fabrikam") {
		t.Errorf("several: code %d, %q", code, out)
	}
	if code, out, errs := b.call("verify", "Adatum", "Northwind"); code != cli.Unchecked || strings.Count(out, ": ") != 3 || !strings.Contains(errs, "1 of 2 accounts: something could not be checked") {
		t.Errorf("one unknown: code %d, %q, %q", code, out, errs)
	}
}

func TestVerifyAll(t *testing.T) {
	b, _ := four(t)
	code, out, errs := b.call("verify", "--all")
	if code != cli.NotLinked || !strings.Contains(errs, "4 accounts: 2 hold, 1 do not, 1 could not be checked.") || !strings.Contains(errs, "1 of 4 accounts: a check does not hold") {
		t.Errorf("code %d, %q, %q", code, out, errs)
	}
	code, out, errs = b.call("verify", "--all", "--json")
	lines := objects(t, out)
	states := map[string]string{}
	for _, x := range lines[:4] {
		states[x["account"].(map[string]any)["name"].(string)] = x["state"].(string)
		if x["step"] != "account-result" || len(x["checks"].([]any)) != 5 {
			t.Errorf("a line %v", x)
		}
	}
	if want := map[string]string{"Adatum": "holds", "Contoso": "missing", "Fabrikam": "warning", "Northwind": "unknown"}; !maps.Equal(states, want) {
		t.Errorf("states %v", states)
	}
	last := lines[len(lines)-1]
	if counts := fmt.Sprint(last["counts"]); code != cli.NotLinked || len(lines) != 5 || last["step"] != "result" || last["code"] != 3.0 || counts != "map[holds:1 missing:1 unknown:1 warning:1]" {
		t.Errorf("code %d, %v, %q", code, last, errs)
	}
	for client := range b.reports {
		b.reports[client] = checked(account.Holds)
	}
	code, out, _ = b.call("verify", "--all", "--json")
	if all := objects(t, out); code != cli.Done || all[4]["state"] != "verified" || all[4]["code"] != 0.0 {
		t.Errorf("all hold: code %d, %s", code, out)
	}
	b.damaged = []account.Problem{{Kind: account.RegistryDamaged, Subject: "/x.json"}}
	if code, _, errs := b.call("verify", "--all"); code != cli.Failed || !strings.Contains(errs, "/x.json is damaged") {
		t.Errorf("one could not be read: code %d, %q", code, errs)
	}
}

func TestVerifyUsage(t *testing.T) {
	b, _ := four(t)
	b.byHand()
	for _, tt := range []struct {
		args []string
		says string
	}{
		{nil, "which account is missing"},
		{[]string{"--all", "Contoso"}, "it takes no name"},
		{[]string{"Nobody"}, `there is no account "Nobody"`},
		{[]string{"Fabrikam inc"}, "xops-onboard resume 'Fabrikam Inc'"},
	} {
		if code, _, errs := b.call(append([]string{"verify"}, tt.args...)...); code != cli.WrongUsage || !strings.Contains(errs, tt.says) {
			t.Errorf("%v: code %d, %q", tt.args, code, errs)
		}
	}
	one := newBench(t)
	one.linked("Contoso", time.Now())
	if code, out, _ := one.call("verify"); code != cli.Done || !strings.HasPrefix(out, "Contoso: ") {
		t.Errorf("the only one: code %d, %q", code, out)
	}
	if code, _, errs := newBench(t).call("verify", "--all"); code != cli.Done {
		t.Errorf("none: code %d, %q", code, errs)
	}
}

// TestVerifyNeedsAKeyStore ends where no account's key can be had, and goes on
// where some can.
func TestVerifyNeedsAKeyStore(t *testing.T) {
	b, all := four(t)
	b.store = account.StoreLocked
	if code, out, _ := b.call("verify", "--all"); code != cli.NoKeyStore || out != "" {
		t.Errorf("all: code %d, %q", code, out)
	}
	b.ready = []account.Store{account.FileStore}
	b.change(all[account.Holds].ID, func(a *account.Account) { a.Key.Store = account.FileStore })
	b.change(all[account.Warning].ID, func(a *account.Account) { a.Key.Store = account.FileStore })
	code, out, _ := b.call("verify", "Adatum", "Fabrikam", "Northwind")
	if code != cli.Unchecked || !strings.Contains(out, "Adatum: every check holds.") || !strings.Contains(out, "Northwind: something could not be checked.") {
		t.Errorf("some: code %d, %q", code, out)
	}
}

// TestVerifyManyAtOnce has so many in flight and no more.
func TestVerifyManyAtOnce(t *testing.T) {
	b := newBench(t)
	for i := range 40 {
		b.linked(account.Name(fmt.Sprintf("Account %d", i)), time.Now())
	}
	var now, most atomic.Int64
	full := make(chan struct{})
	fill := sync.OnceFunc(func() { close(full) })
	b.asked = func(context.Context, account.Target) {
		n := now.Add(1)
		for was := most.Load(); n > was && !most.CompareAndSwap(was, n); was = most.Load() {
		}
		if n == 32 {
			fill()
		}
		select {
		case <-full:
		case <-time.After(20 * time.Second):
			t.Errorf("32 are never in flight, %d at most", most.Load())
		}
		now.Add(-1)
	}
	if code, out, errs := b.call("verify", "--all"); code != cli.Done || strings.Count(out, "every check holds") != 40 {
		t.Errorf("code %d, %q, %q", code, out, errs)
	}
	if most.Load() != 32 {
		t.Errorf("%d in flight, want 32", most.Load())
	}
}
