package link

import (
	"context"
	"crypto"

	"github.com/axiomio/xops-onboard/account"
)

// For tenants that take the certificates of their own authority alone: a signing
// request for the key that is there, and the certificate that comes back.

// owner is the account or draft of that id, its key opened.
func (os *Operations) owner(ctx context.Context, id account.ID) (name account.Name, k account.Key, _ crypto.Signer, linked bool, _ error) {
	a, err := os.ports.Registry.Account(ctx, id)
	if linked = err == nil; linked {
		name, k = a.Name, a.Key
	} else if account.KindOf(err) == account.NotFound {
		d, err := os.ports.Registry.Draft(ctx, id)
		if err != nil {
			return name, k, nil, false, err
		}
		name, k = d.Name, d.Key()
	} else {
		return name, k, nil, false, err
	}
	signer, err := os.ports.Keys.Open(ctx, k.Store, k.ID)
	return name, k, signer, linked, err
}

// RequestCertificate writes a signing request for the key of an account or draft.
// Where it is written is in Last().Path.
func (os *Operations) RequestCertificate(id account.ID, directory string) *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error {
		name, k, signer, _, err := os.owner(ctx, id)
		if err != nil {
			return err
		}
		text, err := os.ports.Keys.Request(signer, subject(k.ID))
		if err != nil {
			return err
		}
		var path string
		err = os.write(ctx, TheCertificate, func(ctx context.Context) (err error) {
			path, err = os.ports.Save.Text(ctx, directory, account.RequestFile(name, k.ID), text)
			return err
		})
		if err == nil {
			tell(Event{Step: "request", State: Done, Path: path})
		}
		return err
	})
}

// ImportCertificate puts the certificate that an authority made for the key of an
// account or draft in the place of the one that is there; what account.CertificateFor
// returns where the file has none. Of a draft it is written to directory, to be
// uploaded. An account changes only when Entra takes it: CertificateUnseen else, as it
// has to be on the app first.
func (os *Operations) ImportCertificate(id account.ID, file []byte, directory string) *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error {
		_, k, signer, linked, err := os.owner(ctx, id)
		if err != nil {
			return err
		}
		c, err := account.CertificateFor(file, signer.Public(), os.ports.Now())
		switch {
		case err != nil:
			return err
		case linked:
			return os.importLinked(ctx, id, k, c, signer, tell)
		}
		d, err := os.change(ctx, id, false, func(d account.Draft) account.Draft {
			k := d.Key()
			k.Certificate, k.Saved = c, ""
			return d.WithKey(k)
		})
		if err != nil {
			return err
		}
		_, err = os.saveCertificate(ctx, d, KeyWish{Directory: directory}, tell)
		return err
	})
}

// importLinked changes an account whose app has the certificate already.
func (os *Operations) importLinked(ctx context.Context, id account.ID, k account.Key, c account.Certificate, signer crypto.Signer, tell func(Event)) error {
	a, err := os.ports.Registry.Account(ctx, id)
	if err != nil {
		return err
	}
	k.Certificate, k.Saved, k.Credential = c, "", ""
	if _, err := os.ports.Microsoft.Accepts(ctx, targetOf(a, k), signer); err != nil {
		return err
	}
	err = os.write(ctx, TheAccount, func(ctx context.Context) error {
		_, err := os.ports.Registry.ChangeAccount(ctx, id, func(a account.Account) (account.Account, error) {
			if a.Key.ID != k.ID || a.Next != nil { // it was rotated meanwhile, or is being
				return a, &account.Problem{Kind: account.AccountInUse}
			}
			a.Key, a.Updated = k, os.ports.Now()
			return a, nil
		})
		return err
	})
	if err == nil {
		tell(Event{Step: "certificate", State: Done})
	}
	return err
}
