package link

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// Machine is this machine, as Examine looks at it. It needs no account and changes
// nothing: what could not be opened is nil, and why is among what Itself found.
type Machine struct {
	// Itself is what can be told without a call: directories, the environment, the
	// terminal.
	Itself []account.Finding
	// Reach asks hosts, and tells how far the clock is off; nil where no call can be
	// made.
	Reach    func(context.Context, []account.Host) []account.Finding
	Keys     Keys
	Registry Registry
	Now      func() time.Time
}

// Examine looks at the machine, part after part, and tells what was found of each:
// the key stores, what is kept here, the way out, the clouds. It asks nobody, and
// opens no store that would ask.
func (m Machine) Examine(ctx context.Context, tell func([]account.Finding)) error {
	accounts, records := m.accounts(ctx)
	stores := m.probed(ctx)
	for _, look := range []func() []account.Finding{
		func() []account.Finding { return m.stores(stores, accounts) },
		func() []account.Finding { return m.keys(ctx, stores, accounts) },
		func() []account.Finding { return records },
		func() []account.Finding { return m.Itself },
		func() []account.Finding { return m.reach(ctx, accounts) },
	} {
		if found := look(); ctx.Err() == nil && len(found) > 0 {
			tell(found)
		}
	}
	if ctx.Err() != nil {
		return &account.Problem{Kind: account.Cancelled, Err: ctx.Err()}
	}
	return nil
}

func (m Machine) found(n account.CheckName, subject string, p *account.Problem, detail ...string) account.Finding {
	f := account.Finding{Check: account.Check{Name: n, State: account.Holds, Problem: p, Detail: detail, At: m.Now()}, Subject: subject, Needed: true}
	if p != nil {
		f.State, f.Detail = account.Missing, nil
	}
	return f
}

// accounts are the accounts that can be read, and what stands in the way of others.
func (m Machine) accounts(ctx context.Context) (all []account.Account, found []account.Finding) {
	if m.Registry == nil {
		return nil, nil
	}
	c, err := m.Registry.Contents(ctx)
	if err != nil {
		return nil, []account.Finding{m.found(account.RecordsSound, "", account.AsProblem(err))}
	}
	for i := range c.Damaged {
		found = append(found, m.found(account.RecordsSound, "", &c.Damaged[i]))
	}
	for _, row := range c.Accounts {
		a, err := m.Registry.Account(ctx, row.ID)
		switch account.KindOf(err) {
		case "":
			all = append(all, a)
		case account.NotFound: // removed meanwhile
		default:
			found = append(found, m.found(account.RecordsSound, string(row.Name), account.AsProblem(err)))
		}
	}
	if len(found) == 0 {
		found = append(found, m.found(account.RecordsSound, "", nil, account.Counted(len(all), "account"), account.Counted(len(c.Drafts), "draft")))
	}
	return all, found
}

// probed is what the key stores can do now; nil where they could not be opened.
func (m Machine) probed(ctx context.Context) map[account.Store]account.StoreStatus {
	if m.Keys == nil {
		return nil
	}
	all := map[account.Store]account.StoreStatus{}
	for _, s := range []account.Store{account.Keyring, account.FileStore} {
		all[s] = m.Keys.Probe(ctx, s)
	}
	return all
}

// stores are what the key stores can do now. The keyring is needed where it has a
// key, or where no file store is there for the next one.
func (m Machine) stores(stores map[account.Store]account.StoreStatus, accounts []account.Account) (found []account.Finding) {
	if stores == nil {
		return nil
	}
	used := map[account.Store]bool{}
	for _, a := range accounts {
		used[a.Key.Store] = true
	}
	ring, file := stores[account.Keyring], stores[account.FileStore]
	f := m.store(account.KeyringState, ring)
	f.Needed = used[account.Keyring] || !used[account.FileStore] && file.State == account.StoreEmpty
	if f.State == account.Missing && !f.Needed {
		f.State = account.Unknown
	}
	found = append(found, f)
	f = m.store(account.FileState, file)
	f.Needed = used[account.FileStore]
	if file.State == account.StoreEmpty && !f.Needed { // nobody needs one
		f.State, f.Problem, f.Detail = account.Holds, nil, []string{"not used"}
	}
	return append(found, f)
}

// store is the state of one. Locked is no fault: it cannot be told then what is in it.
func (m Machine) store(n account.CheckName, s account.StoreStatus) account.Finding {
	if s.State == account.StoreReady {
		return m.found(n, "", nil, string(s.State))
	}
	f := m.found(n, "", &account.Problem{Kind: account.StoreNotUsable, State: s.State, Subject: string(s.Store)})
	if s.State == account.StoreLocked {
		f.State = account.Unknown
	}
	f.Detail = []string{"state " + string(s.State)}
	if s.Detail != "" {
		f.Detail = append(f.Detail, s.Detail)
	}
	return f
}

// opening is how many keys are opened side by side.
const opening = 8

// keys opens the key of every account whose store answers without asking, and looks
// whether it is its certificate's.
func (m Machine) keys(ctx context.Context, stores map[account.Store]account.StoreStatus, accounts []account.Account) (found []account.Finding) {
	if stores == nil {
		return nil
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	turns := make(chan struct{}, opening)
	sound, shut := 0, 0
	wrong := make([]*account.Problem, len(accounts))
	for i, a := range accounts {
		turns <- struct{}{}
		group.Go(func() {
			defer func() { <-turns }()
			opened, locked, p := m.fits(ctx, a, stores)
			mu.Lock()
			defer mu.Unlock()
			sound, shut, wrong[i] = sound+opened, shut+locked, p
		})
	}
	group.Wait()
	for i, p := range wrong {
		if p != nil {
			found = append(found, m.found(account.KeysThere, string(accounts[i].Name), p))
		}
	}
	if sound > 0 {
		found = append(found, m.found(account.KeysThere, "", nil, account.Counted(sound, "key")+" in the store and of its certificate"))
	}
	if shut > 0 {
		f := m.found(account.KeysThere, "", nil, account.Counted(shut, "key")+" not looked at, as the store cannot be opened without asking")
		f.State = account.Unknown
		found = append(found, f)
	}
	return append(found, m.strays(ctx)...)
}

// fits counts the keys of an account that are there and those that cannot be looked
// at, up to the first one that is wrong.
func (m Machine) fits(ctx context.Context, a account.Account, stores map[account.Store]account.StoreStatus) (opened, locked int, _ *account.Problem) {
	keys := []account.Key{a.Key}
	if a.Authority != nil && a.Authority.Stored {
		keys = append(keys, *a.Authority)
	}
	for _, k := range keys {
		switch {
		case k.ID == "": // an AWS account by a profile
		case stores[k.Store].State != account.StoreReady:
			locked++
		default:
			signer, err := m.Keys.Open(ctx, k.Store, k.ID)
			if err == nil && !certifies(k.Certificate, signer) {
				err = &account.Problem{Kind: account.KeyOther}
			}
			if err != nil {
				return opened, locked, account.AsProblem(err)
			}
			opened++
		}
	}
	return opened, locked, nil
}

// certifies tells whether a certificate is of that key.
func certifies(c account.Certificate, signer crypto.Signer) bool {
	block, _ := pem.Decode([]byte(c.PEM))
	if block == nil {
		return false
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return false
	}
	of, ok := cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && of.Equal(signer.Public())
}

// strays are the keys of the file store that nobody has. The keyring cannot list.
func (m Machine) strays(ctx context.Context) []account.Finding {
	if m.Registry == nil {
		return nil
	}
	ops := Operations{ports: Ports{Keys: m.Keys, Registry: m.Registry}}
	strays, _, err := ops.Strays(ctx, account.FileStore)
	if err != nil {
		f := m.found(account.KeysOwned, "", account.AsProblem(err))
		f.State = account.Unknown
		return []account.Finding{f}
	}
	if len(strays) == 0 {
		return nil
	}
	names := make([]string, len(strays))
	for i, id := range strays {
		names[i] = string(id)
	}
	f := m.found(account.KeysOwned, "", &account.Problem{Kind: account.KeysNobodys})
	f.Detail = []string{strings.Join(names, ", ")}
	return []account.Finding{f}
}

// reach asks the hosts of every cloud. Nothing is asked where the way out could not
// be made: why is told already.
func (m Machine) reach(ctx context.Context, accounts []account.Account) []account.Finding {
	if m.Reach == nil {
		return nil
	}
	return m.Reach(ctx, account.Hosts(accounts))
}
