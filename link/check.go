package link

import (
	"context"
	"crypto"

	"github.com/axiomio/xops-onboard/account"
)

// party is whose checks are made, and with which of its keys.
type party struct {
	provider  account.Provider
	cloud     account.CloudID
	link      account.Link
	key       account.Key
	authority *account.Key
}

func draftParty(d account.Draft) party {
	return party{d.Provider, d.Cloud, d.Link, d.Key(), d.Authority}
}

func accountParty(a account.Account, k account.Key) party {
	return party{a.Provider, a.Cloud, a.Link, k, a.Authority}
}

// keyless tells whether nothing of the account is in a key store.
func (p party) keyless() bool {
	l, ok := p.link.(account.AWSLink)
	return ok && l.Method == account.ByProfile
}

// target is the app registration that is asked about.
func (p party) target() account.Target {
	d := account.Draft{Link: p.link}
	return account.Target{Provider: p.provider, Cloud: p.cloud, Link: d.Microsoft(), Certificate: p.key.Certificate}
}

// aws is what is asked about of an AWS account.
func (p party) aws() account.AWSTarget {
	l, _ := p.link.(account.AWSLink)
	t := account.AWSTarget{Link: l, Leaf: p.key.Certificate}
	if p.authority != nil {
		t.Authority = p.authority.Certificate
	}
	return t
}

// check makes the checks of an account or draft, or says in a report why none
// could be made.
func (os *Operations) check(ctx context.Context, p party) account.Report {
	if p.keyless() {
		return os.checkWith(ctx, p, nil)
	}
	signer, err := os.ports.Keys.Open(ctx, p.key.Store, p.key.ID)
	if err != nil {
		return os.unopened(p, err)
	}
	return os.checkWith(ctx, p, signer)
}

// checkWith makes the checks with a key that is open; nil where there is none.
func (os *Operations) checkWith(ctx context.Context, p party, signer crypto.Signer) account.Report {
	switch l := p.link.(type) {
	case account.AWSLink:
		r := os.ports.AWS.Verify(ctx, p.aws(), signer)
		r.Provider = account.AWS
		return r
	case account.AzureLink:
		return os.checkAzure(ctx, p, l, signer)
	}
	return os.ports.Microsoft.Verify(ctx, p.target(), signer)
}

// checkAzure makes the checks of the app registration and of what it sees in
// Azure, side by side: a token for the one says nothing of the other.
func (os *Operations) checkAzure(ctx context.Context, p party, l account.AzureLink, signer crypto.Signer) account.Report {
	t := account.AzureTarget{Target: p.target(), Scopes: l.Scopes, Vaults: l.Vaults}
	type seen struct {
		checks []account.Check
		facts  account.Facts
	}
	sees, principal := make(chan seen, 1), make(chan account.ObjectID, 1)
	go func(t account.AzureTarget) {
		if l.Principal == "" { // its roles are told by it, and what is known of the app tells it
			t.Link.Principal = <-principal
		}
		checks, facts := os.ports.Azure.See(ctx, t, signer)
		sees <- seen{checks, facts}
	}(t)
	r := os.ports.Microsoft.Verify(ctx, t.Target, signer)
	r.Provider = account.Azure
	principal <- r.Facts.Principal
	in := <-sees
	r.Facts.Subscriptions = in.facts.Subscriptions
	if !r.Holds(account.CertificateAccepted) { // said once is enough
		for i, c := range in.checks {
			in.checks[i] = account.Check{Name: c.Name, At: c.At, State: account.Unknown, Problem: &account.Problem{Kind: account.NotAsked}}
		}
	}
	// What is on the app, and the key's life, come last.
	at := len(r.Checks)
	for i, c := range r.Checks {
		if c.Name == account.Foreign {
			at = i
		}
	}
	r.Checks = append(r.Checks[:at:at], append(in.checks, r.Checks[at:]...)...)
	return r
}

// unopened is the report where the key cannot be opened.
func (os *Operations) unopened(p party, err error) account.Report {
	now, problem := os.ports.Now(), *account.AsProblem(err)
	if problem.Kind == account.StoreNotUsable {
		problem.Subject = string(p.key.Store) // the words differ with the store
	}
	r := account.Report{Provider: p.provider, At: now}
	name := account.CertificateAccepted
	if p.provider == account.AWS {
		name = account.AWSSession
	}
	r.Checks = []account.Check{{Name: name, State: account.Unknown, Problem: &problem, At: now}}
	return r
}
