package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
)

// keyOwner is an account or a draft whose key a certificate is requested for.
type keyOwner struct {
	id     account.ID
	key    account.Key
	draft  account.Draft
	linked bool
}

// owner is the account or the draft of that name, with a key of an app registration.
func (l *line) owner(ctx context.Context, w World, name string) (o keyOwner, err error) {
	provider := account.Provider("")
	if r, ok := named(w.Known.Accounts, name); ok {
		acc, err := w.Env.Ops.Ports().Registry.Account(ctx, r.ID)
		if err != nil {
			return o, err
		}
		o, provider = keyOwner{id: r.ID, key: acc.Key, linked: true}, acc.Provider
	} else {
		d, err := w.onboarding(ctx, []string{name})
		if err != nil {
			return o, err
		}
		o, provider = keyOwner{id: d.ID, key: d.Key(), draft: d}, d.Provider
	}
	switch {
	case provider == account.AWS:
		return o, usage{fmt.Errorf("the certificates of %s are signed by its own authority", account.Clean(name, 60))}
	case !o.key.Stored:
		return o, &outcome{err: fmt.Errorf("%s has no key yet", account.Clean(name, 60)), code: WrongUsage, hint: "It is made by: xops-onboard resume " + word(account.Clean(name, 60))}
	}
	return o, l.ready(ctx, w, o.key.Store)
}

// requested writes a signing request for a key.
func (l *line) requested(ctx context.Context, w World, name, out string) error {
	ctx, stop := stoppable(ctx)
	defer stop()
	o, err := l.owner(ctx, w, name)
	if err != nil {
		return err
	}
	v := l.voice(w)
	op := w.Env.Ops.RequestCertificate(o.id, directory(w.Env.Place, out))
	if err := v.through(ctx, op, nil); err != nil {
		return err
	}
	path := op.Last().Path
	v.result([]string{
		"Signing request: " + path,
		"Have the authority that the tenant trusts sign it, and bring the certificate back with: xops-onboard certificate " + word(account.Clean(name, 60)) + " --import FILE",
	}, result{State: "requested", Request: path})
	return nil
}

// importMost is more than a certificate with its chain has.
const importMost = 1 << 20

// imported takes the certificate that an authority made.
func (l *line) imported(ctx context.Context, w World, name, file, out string) error {
	ctx, stop := stoppable(ctx)
	defer stop()
	o, err := l.owner(ctx, w, name)
	if err != nil {
		return err
	}
	text, err := l.fileOf(file)
	if err != nil {
		return err
	}
	v := l.voice(w)
	if err := v.through(ctx, w.Env.Ops.ImportCertificate(o.id, text, directory(w.Env.Place, out)), nil); err != nil {
		if account.KindOf(err) == account.CertificateUnseen {
			m := more(err)
			m.code = NotLinked
			m.say("Upload it to the app first; until Entra knows it the account keeps the certificate that it has.")
			return m
		}
		return err
	}
	o, err = l.owner(ctx, w, name)
	if err != nil {
		return err
	}
	c := o.key.Certificate
	saved := savedCertificate{Path: o.key.Saved, SHA1: c.SHA1, SHA256: c.SHA256, Expires: moment{c.NotAfter}}
	lines := []string{"Thumbprint: " + c.SHA1, "Expires: " + steps.Day(c.NotAfter)}
	if o.linked {
		lines = append(lines, "It is in use from now on. The one before stays on the app until somebody removes it there.")
	} else {
		lines = append([]string{"Certificate: " + o.key.Saved}, append(lines, "Upload it to the app, and go on with: "+goesOn(o.draft))...)
	}
	v.result(lines, result{State: "imported", Certificate: &saved})
	return nil
}

// fileOf reads a file that a person names; - is standard input.
func (l *line) fileOf(name string) ([]byte, error) {
	in := l.ports.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, usage{fmt.Errorf("--import: %s cannot be read", account.Clean(name, 200))}
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, importMost))
	if err != nil {
		return nil, usage{fmt.Errorf("--import: %s cannot be read", account.Clean(name, 200))}
	}
	return text, nil
}

// goesOn is the command that goes on with a draft of an app registration.
func goesOn(d account.Draft) string {
	if d.Way == account.ByHand && d.Microsoft().Client != "" {
		return "xops-onboard add " + string(d.Provider) + " --yes --name " + word(string(d.Name))
	}
	return "xops-onboard resume " + word(string(d.Name))
}
