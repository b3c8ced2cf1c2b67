package cells_test

import (
	"context"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// noRoom is what a full disk answers.
var noRoom = account.Problem{Kind: account.FileNotWritten, Subject: "the registry"}

// mortalDisk is the registry as a process has it.
type mortalDisk struct {
	link.Registry
	p *running
}

func (m mortalDisk) SaveDraft(ctx context.Context, d account.Draft) error {
	return m.p.writes("save the draft", noRoom, func() error { return m.Registry.SaveDraft(ctx, d) })
}

func (m mortalDisk) Finish(ctx context.Context, a account.Account) error {
	return m.p.writes("save the account", noRoom, func() error { return m.Registry.Finish(ctx, a) })
}

func (m mortalDisk) Remove(ctx context.Context, id account.ID) error {
	return m.p.writes("remove the record", noRoom, func() error { return m.Registry.Remove(ctx, id) })
}

func (m mortalDisk) Replace(ctx context.Context, draft account.ID, a account.Account) error {
	return m.p.writes("replace the account", noRoom, func() error { return m.Registry.Replace(ctx, draft, a) })
}

func (m mortalDisk) SaveReport(ctx context.Context, id account.ID, r account.Report) error {
	return m.p.writes("save the report", noRoom, func() error { return m.Registry.SaveReport(ctx, id, r) })
}

func (m mortalDisk) AppendEvidence(ctx context.Context, id account.ID, change string, calls []account.Evidence) error {
	return m.p.writes("save the evidence", noRoom, func() error { return m.Registry.AppendEvidence(ctx, id, change, calls) })
}

func (m mortalDisk) ChangeAccount(ctx context.Context, id account.ID, f func(account.Account) (account.Account, error)) (a account.Account, err error) {
	err = m.p.writes("change the account", noRoom, func() error { a, err = m.Registry.ChangeAccount(ctx, id, f); return err })
	return a, err
}

func (m mortalDisk) Hold(ctx context.Context, id account.ID) (a account.Account, err error) {
	err = m.p.writes("hold the account", noRoom, func() error { a, err = m.Registry.Hold(ctx, id); return err })
	return a, err
}

func (m mortalDisk) Release(ctx context.Context, id account.ID) error {
	return m.p.writes("release the account", noRoom, func() error { return m.Registry.Release(ctx, id) })
}

func (m mortalDisk) Reopen(ctx context.Context, id account.ID) (d account.Draft, err error) {
	err = m.p.writes("reopen the account", noRoom, func() error { d, err = m.Registry.Reopen(ctx, id); return err })
	return d, err
}

// files are those for a person to pick up, by name.
type files map[string]string

// mortalFiles are they as a process has them.
type mortalFiles struct{ p *running }

func (m mortalFiles) Certificate(ctx context.Context, dir, name, pem string) (string, error) {
	return m.Text(ctx, dir, name, pem)
}

func (m mortalFiles) Text(_ context.Context, dir, name, text string) (string, error) {
	path := dir + "/" + name
	return path, m.p.writes("write "+name, account.Problem{Kind: account.FileNotWritten, Subject: path}, func() error {
		m.p.mu.Lock()
		defer m.p.mu.Unlock()
		m.p.files[name] = text
		return nil
	})
}
