package cli

import (
	"context"
	"io"
	"strings"

	"github.com/muesli/mango"
	mcobra "github.com/muesli/mango-cobra"
	"github.com/muesli/roff"
	"github.com/spf13/cobra"
)

// newMan is the manual page. Fang's has neither exit codes nor variables nor files, and of
// a command no more than the line of its list (charm.land/fang/v2 v2.0.1).
func newMan(l *line) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "man",
		Short: "Print the manual page",
		Long:  "Print the manual page, as man reads it: xops-onboard man >xops-onboard.1, and then man ./xops-onboard.1",
		Args:  l.words(0),
	}
	cmd.RunE = l.does(func(context.Context, []string) error { return l.manual(cmd.Root()) })
	return cmd
}

// manualSections stand behind the commands. A line that begins with * is one of a list.
var manualSections = []struct{ name, text string }{
	{"Exit status", strings.Join([]string{
		"*0: done",
		"*1: failed",
		"*2: wrong usage",
		"*3: not linked yet, or a check does not hold",
		"*4: a sign-in or rights are missing",
		"*5: no key store can be used",
		"*6: nothing failed, and something could not be checked",
		"*130: interrupted",
	}, "\n")},
	{"Environment", strings.Join([]string{
		"*HTTPS_PROXY, NO_PROXY: the proxy, and what is reached without it",
		"*SSL_CERT_FILE: a PEM file of authorities that are trusted as well as the system's, such as that of a proxy that inspects TLS",
		"*XOPS_HOME: one directory for all files, instead of those below",
		"*XOPS_PASSPHRASE_FILE: a file with the passphrase of the file key store, which only you can read",
		"*NO_COLOR: no colours",
		"*ACCESSIBLE: ask and answer in lines, as --plain does",
		"*BROWSER: what opens the page of a sign-in",
		"*AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE and the other variables of the AWS CLI: where the profiles of --profile are",
		"A flag goes before its variable. xops-onboard doctor tells which of them are set, and what they change.",
	}, "\n")},
	{"Files", strings.Join([]string{
		"*The keyring of the operating system, service xops-onboard: private keys. Where none can be used and you choose so, keys/ beside the accounts, encrypted under your passphrase",
		"*~/.local/share/xops-onboard: accounts and drafts, without any secret. On macOS and Windows it is the system's place for data",
		"*~/.local/state/xops-onboard: last checks, and evidence.log, which has each call of a change in a tenant, without tokens",
	}, "\n")},
	{"Examples", strings.Join([]string{
		"*xops-onboard: the wizard, or Home",
		"*xops-onboard --demo: the same on a simulated cloud, of which nothing is left",
		"*xops-onboard add microsoft --automatic --name Contoso --tenant contoso.com --sign-in device-code --plan: show every change, and make none",
		"*xops-onboard verify --all --json: for a script",
		"*xops-onboard rotate --due 30d: for a timer",
	}, "\n")},
}

func (l *line) manual(root *cobra.Command) error {
	page, err := mcobra.NewManPage(1, root)
	if err != nil {
		return err
	}
	inFull(page.Root.Commands, root)
	for _, s := range manualSections {
		page = page.WithSection(s.name, s.text)
	}
	_, err = io.WriteString(l.ports.Out, page.Build(roff.NewDocument()))
	return err
}

// inFull has the page say of each command what its help says, where that is no page of
// its own.
func inFull(page map[string]*mango.Command, of *cobra.Command) {
	for _, cmd := range of.Commands() {
		at, listed := page[cmd.Name()]
		if !listed {
			continue
		}
		if cmd.Long != "" && !strings.Contains(cmd.Long, "\n") {
			at.Short = cmd.Long
		}
		inFull(at.Commands, cmd)
	}
}
