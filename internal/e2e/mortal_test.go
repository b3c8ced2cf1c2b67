//go:build linux

package e2e_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"syscall"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/cli"
	"github.com/axiomio/xops-onboard/link"
)

// mortalName has the tests' own program be the product's command line, on its own
// operations, stores, files and clouds, and kill itself at one write.
const mortalName = "mortal"

// deadly is a write at which a process dies: the n-th, and 0 for none. Where it lives
// it leaves how many it made in a file.
type deadly struct {
	n     int
	after bool
	count string // the file
}

// mortal has a command be the tests' own program, which dies.
func (d deadly) mortal(cmd *exec.Cmd) *exec.Cmd {
	cmd.Path = os.Args[0]
	cmd.Args = slices.Concat([]string{os.Args[0], mortalName, strconv.Itoa(d.n), strconv.FormatBool(d.after), d.count}, cmd.Args[1:])
	return cmd
}

// onMortalPorts is that program.
func onMortalPorts(args []string) int {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	m := &mortal{deadly: deadly{n: n, after: args[1] == "true"}}
	os.Args = append([]string{"xops-onboard"}, args[3:]...)
	code := cli.Execute(context.Background(), cli.Ports{In: os.Stdin, Out: os.Stdout, Open: m.open}, os.Stderr)
	if err := os.WriteFile(args[2], []byte(strconv.Itoa(m.count)), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// mortal is a process that dies at a write.
type mortal struct {
	deadly
	mu    sync.Mutex
	count int
}

func (m *mortal) write(do func() error) error {
	m.mu.Lock()
	m.count++
	here := m.count == m.n
	m.mu.Unlock()
	if here && !m.after {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	err := do()
	if here {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	return err
}

// open is what a command works on.
func (m *mortal) open(ctx context.Context, _ cli.Start) (cli.World, error) {
	return wired(ctx, func(_ string, p *link.Ports) error {
		p.Keys, p.Registry, p.Save = mortalKeys{p.Keys, m}, mortalRegistry{p.Registry, m}, mortalFiles{p.Save, m}
		return nil
	})
}

type mortalKeys struct {
	link.Keys
	m *mortal
}

func (k mortalKeys) Make(ctx context.Context, s account.Store, id account.KeyID, bits int) error {
	return k.m.write(func() error { return k.Keys.Make(ctx, s, id, bits) })
}

func (k mortalKeys) Delete(ctx context.Context, s account.Store, id account.KeyID) error {
	return k.m.write(func() error { return k.Keys.Delete(ctx, s, id) })
}

func (k mortalKeys) Copy(ctx context.Context, id account.KeyID, from, to account.Store) error {
	return k.m.write(func() error { return k.Keys.Copy(ctx, id, from, to) })
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

func (r mortalRegistry) ChangeAccount(ctx context.Context, id account.ID, f func(account.Account) (account.Account, error)) (a account.Account, err error) {
	err = r.m.write(func() error { a, err = r.Registry.ChangeAccount(ctx, id, f); return err })
	return a, err
}

func (r mortalRegistry) Hold(ctx context.Context, id account.ID) (a account.Account, err error) {
	err = r.m.write(func() error { a, err = r.Registry.Hold(ctx, id); return err })
	return a, err
}

func (r mortalRegistry) Release(ctx context.Context, id account.ID) error {
	return r.m.write(func() error { return r.Registry.Release(ctx, id) })
}

func (r mortalRegistry) Replace(ctx context.Context, draft account.ID, a account.Account) error {
	return r.m.write(func() error { return r.Registry.Replace(ctx, draft, a) })
}

func (r mortalRegistry) Reopen(ctx context.Context, id account.ID) (d account.Draft, err error) {
	err = r.m.write(func() error { d, err = r.Registry.Reopen(ctx, id); return err })
	return d, err
}

func (r mortalRegistry) Remove(ctx context.Context, id account.ID) error {
	return r.m.write(func() error { return r.Registry.Remove(ctx, id) })
}

func (r mortalRegistry) AppendEvidence(ctx context.Context, id account.ID, change string, calls []account.Evidence) error {
	return r.m.write(func() error { return r.Registry.AppendEvidence(ctx, id, change, calls) })
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

func (f mortalFiles) Text(ctx context.Context, dir, name, text string) (path string, err error) {
	err = f.m.write(func() error { path, err = f.Save.Text(ctx, dir, name, text); return err })
	return path, err
}
