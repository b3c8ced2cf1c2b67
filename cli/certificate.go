package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
)

// savedCertificate is the public certificate of an account as commands write it.
type savedCertificate struct {
	Path    string `json:"path,omitempty"`
	PEM     string `json:"pem,omitempty"`
	SHA1    string `json:"sha1"` // what the portal calls Thumbprint
	SHA256  string `json:"sha256"`
	Expires moment `json:"expires"`
}

func newCertificate(l *line) *cobra.Command {
	var out, file string
	var request bool
	cmd := &cobra.Command{
		Use:   "certificate name",
		Short: "Save an account's certificate once more",
		Long: "Save the public certificate of an account once more: to where the browser looks, into another directory, or to standard output. The private key goes nowhere. " +
			"For a tenant that takes the certificates of its own authority alone, --request writes a signing request for the key of an account or draft, and --import takes the certificate that comes back.",
		Args: l.words(1),
		RunE: l.does(func(ctx context.Context, names []string) error {
			if len(names) == 0 {
				return noName()
			}
			return l.work(ctx, func(ctx context.Context, w World) error {
				switch {
				case request && file != "":
					return usage{errors.New("--request and --import are two steps: what --import takes answers the request")}
				case request:
					return l.requested(ctx, w, names[0], out)
				case file != "":
					return l.imported(ctx, w, names[0], file, out)
				}
				return l.certificate(ctx, w, names[0], out)
			})
		}),
	}
	l.takesNames(cmd, 1, func(r account.Row, linked bool) bool {
		return linked || drafts(r, linked) && (request || file != "")
	})
	cmd.Flags().StringVar(&out, "certificate-out", "", "the directory it goes to; - is standard output")
	cmd.Flags().BoolVar(&request, "request", false, "write a certificate signing request (PKCS #10) for the key")
	cmd.Flags().StringVar(&file, "import", "", "take the certificate in this file, PEM or DER; - is standard input")
	must(cmd.MarkFlagDirname("certificate-out"))
	takesFile(cmd, "import")
	return cmd
}

func (l *line) certificate(ctx context.Context, w World, name, out string) error {
	r, err := w.account(name)
	if err != nil {
		return err
	}
	acc, err := w.Env.Ops.Ports().Registry.Account(ctx, r.ID)
	if err != nil {
		return err
	}
	if !steps.Keyed(acc) {
		return keyless(acc)
	}
	v := l.voice(w)
	c := acc.Key.Certificate
	saved := savedCertificate{SHA1: c.SHA1, SHA256: c.SHA256, Expires: moment{c.NotAfter}}
	if out == "-" {
		if !l.json {
			_, err := fmt.Fprint(l.ports.Out, c.PEM)
			return err
		}
		saved.PEM = c.PEM
	} else {
		op := w.Env.Ops.SaveCertificate(r.ID, directory(w.Env.Place, out))
		if err := v.through(ctx, op, nil); err != nil {
			return err
		}
		saved.Path = op.Last().Path
	}
	v.result([]string{
		"Certificate: " + saved.Path,
		"Thumbprint: " + c.SHA1,
		"Expires: " + steps.Day(c.NotAfter),
	}, result{State: "saved", Account: toLinked(acc), Certificate: &saved})
	return nil
}

// keyless is the error for an account that has neither a key nor a certificate.
func keyless(a account.Account) error {
	return usage{errors.New(strings.TrimSuffix(steps.Keyless(a), "."))}
}

// directory is where a certificate goes: what was named, else where the
// person's browser looks.
func directory(p steps.Place, named string) string {
	switch {
	case named != "":
		return named
	case p.Remote:
		return p.Directory
	}
	return p.Downloads
}
