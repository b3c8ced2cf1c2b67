//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/entra"
	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/keystore"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/registry"
)

// killedName has this test's binary onboard an account by the product's own
// operations, stores and files, and kill itself at one write.
const killedName = "onboard-and-die"

// TestKilledAtEachWrite kills a process before and after each write of an
// onboarding: to the registry, to the keyring, to the certificate file. The
// product goes on from there and ends Connected with one key and one
// certificate; or throws the draft away, and no key is left.
func TestKilledAtEachWrite(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.client = m.tenant.Register("Xops 360 - Contoso").ClientID
	total := m.writes()
	if total < 8 {
		t.Fatalf("an onboarding made %d writes; the test does not see them", total)
	}
	var told faultCount
	t.Cleanup(func() { told.tell(t, "c") })
	for n := 1; n <= total; n++ {
		for _, when := range []string{"before", "after"} {
			t.Run(fmt.Sprintf("%s write %d", when, n), func(t *testing.T) {
				t.Parallel()
				t.Cleanup(func() { told.add("add by hand, kill -9 at a write", "microsoft", t.Failed()) })
				killedAt(t, n, when)
			})
		}
	}
}

func killedAt(t *testing.T, n int, when string) {
	m := at(t, keyringtest.Unlocked(t))
	m.client = m.tenant.Register("Xops 360 - Contoso").ClientID
	m.die(n, when)
	s := m.start()
	if m.goOn(s) {
		m.oneApp()
	}
	s.Press("ctrl+c")
	s.Restored()
	if keys := m.keys(); keys != 1 {
		t.Errorf("%d items in the keyring, want 1", keys)
	}
	if got := m.certificates(); len(got) != 1 {
		t.Errorf("certificates = %v, want one", got)
	}

	away := at(t, m.ring)
	away.client = away.tenant.Register("Xops 360 - Contoso").ClientID
	away.home, away.extra = m.home, []string{"XOPS_HOME=" + filepath.Join(m.home, "second")}
	away.die(n, when)
	s = away.start()
	s.Until("a page", func() bool { return away.stage(s.Text()) != "" })
	if away.stage(s.Text()) != "Go on with Contoso" {
		return // nothing was begun, or it is an account already
	}
	s.Press("up", "enter")
	away.throwAway(s)
	s.See("Which cloud do you want to link first?")
	if keys := away.keys(); keys != 1 {
		t.Errorf("%d items in the keyring after one was thrown away, want the first one's alone", keys)
	}
}

// environmentOf tells the process that dies which app it is about.
func (m *machine) environmentOf() []string {
	return append(m.environment(), "XOPS_TENANT="+m.tenant.ID(), "XOPS_CLIENT="+m.client)
}

// writes counts the writes of an onboarding that nobody kills.
func (m *machine) writes() int {
	m.t.Helper()
	cmd := m.command()
	cmd.Path, cmd.Args, cmd.Env = os.Args[0], []string{os.Args[0], killedName, "0", "never"}, m.environmentOf()
	out, err := cmd.Output()
	if err != nil {
		m.t.Fatalf("onboard: %v\n%s", err, out)
	}
	n, err := strconv.Atoi(string(out))
	if err != nil {
		m.t.Fatal(err)
	}
	return n
}

// die onboards until the process kills itself.
func (m *machine) die(n int, when string) {
	m.t.Helper()
	cmd := m.command()
	cmd.Path, cmd.Args, cmd.Env = os.Args[0], []string{os.Args[0], killedName, strconv.Itoa(n), when}, m.environmentOf()
	out, err := cmd.CombinedOutput()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		m.t.Fatalf("it was not killed at write %d: %v\n%s", n, err, out)
	}
}

func onboardAndDie(args []string) int {
	n, err := strconv.Atoi(args[0])
	if err == nil {
		err = onboard(&mortal{at: n, when: args[1]})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// mortal is a process that dies at its n-th write.
type mortal struct {
	at    int
	when  string
	count int
}

func (m *mortal) write(do func() error) error {
	m.count++
	if m.count == m.at && m.when == "before" {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	err := do()
	if m.count == m.at {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	return err
}

type mortalKeys struct {
	link.Keys
	m *mortal
}

func (k mortalKeys) Make(ctx context.Context, s account.Store, id account.KeyID, bits int) error {
	return k.m.write(func() error { return k.Keys.Make(ctx, s, id, bits) })
}

type mortalRegistry struct {
	link.Registry
	m *mortal
}

func (r mortalRegistry) SaveDraft(ctx context.Context, d account.Draft) error {
	return r.m.write(func() error { return r.Registry.SaveDraft(ctx, d) })
}

func (r mortalRegistry) Finish(ctx context.Context, a account.Account) error {
	return r.m.write(func() error { return r.Registry.Finish(ctx, a) })
}

func (r mortalRegistry) SaveReport(ctx context.Context, id account.ID, rep account.Report) error {
	return r.m.write(func() error { return r.Registry.SaveReport(ctx, id, rep) })
}

type mortalFiles struct {
	link.Save
	m *mortal
}

func (f mortalFiles) Certificate(ctx context.Context, dir, name, pem string) (path string, err error) {
	err = f.m.write(func() error { path, err = f.Save.Certificate(ctx, dir, name, pem); return err })
	return path, err
}

// onboard is what the wizard has link do, with the product's own ports.
func onboard(m *mortal) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	home := os.Getenv("XOPS_HOME")
	if home == "" {
		home = filepath.Join(os.Getenv("XDG_DATA_HOME"), "xops-onboard")
	}
	reg, err := registry.Open(home, filepath.Join(home, "state"), registry.Self(), registry.Alive)
	if err != nil {
		return err
	}
	client, err := rest.New(rest.Options{Version: "test"})
	if err != nil {
		return err
	}
	ops := link.New(ctx, link.Ports{
		Keys:     mortalKeys{keystore.New(filepath.Join(home, "keys"), os.Getenv), m},
		Registry: mortalRegistry{reg, m}, Save: mortalFiles{keystore.Files{}, m},
		Microsoft: entra.New(client, time.Now), Now: time.Now,
	})
	defer ops.Close()
	d := account.Draft{
		ID: account.ID(uuid.NewString()), Name: "Contoso", Provider: account.Microsoft, Way: account.ByHand, Cloud: account.Global,
		Link: account.MicrosoftLink{
			Tenant: account.TenantID(os.Getenv("XOPS_TENANT")), Client: account.ClientID(os.Getenv("XOPS_CLIENT")),
			Organization: "contoso.onmicrosoft.com", AppName: "Xops 360 - Contoso",
		},
		Trail: []string{"cloud", "way", "name", "register", "identifiers"},
	}
	if _, err := ops.SaveAnswers(ctx, d); err != nil {
		return err
	}
	wish := link.KeyWish{ID: account.KeyID(uuid.NewString()), Store: account.Keyring, Bits: 2048, Life: link.Lives[0], Directory: filepath.Join(os.Getenv("HOME"), "work")}
	if err := done(ctx, ops.MakeKey(d.ID, wish)); err != nil {
		return err
	}
	if err := done(ctx, ops.Finish(d.ID, account.Report{})); err != nil {
		return err
	}
	fmt.Print(m.count)
	return nil
}

func done(ctx context.Context, op *link.Operation) error {
	for {
		if _, err := op.Next(ctx); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}
