package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
)

// listedDrafts are all drafts as JSON.
type listedDrafts struct {
	Drafts []listedDraft `json:"drafts"`
}

// listedDraft is a draft as the list writes it.
type listedDraft struct {
	Name     account.Name     `json:"name,omitempty"`
	Provider account.Provider `json:"provider,omitempty"`
	Cloud    account.CloudID  `json:"cloud,omitempty"`
	Way      account.Way      `json:"way,omitempty"`    // as soon as it is chosen
	Expires  moment           `json:"expires,omitzero"` // end of the certificate, once it is made
	Updated  moment           `json:"updated"`
	Begun    account.Begun    `json:"begun,omitempty"`
	Owned    bool             `json:"owned"` // a living copy of the program works on it
}

func newDrafts(l *line) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "drafts",
		Short: "List what was begun and not finished",
		Args:  l.words(0),
		RunE:  l.does(func(ctx context.Context, _ []string) error { return l.listDrafts(ctx) }),
	}
	return cmd
}

// listDrafts opens the records alone, as list does.
func (l *line) listDrafts(ctx context.Context) error {
	records, err := l.ports.Records(l.start)
	if err != nil {
		return err
	}
	known, err := records.List(ctx, func() func(account.Row, account.LastCheck) {
		return func(account.Row, account.LastCheck) {}
	})
	if err != nil || len(known.Drafts) == 0 && len(known.Damaged) > 0 { // never as if there were nothing
		return cmp.Or(err, unread(known))
	}
	if err := l.writeDrafts(known.Drafts); err != nil {
		return err
	}
	return unread(known)
}

func (l *line) writeDrafts(rows []account.Row) error {
	if l.json {
		return encode(l.ports.Out, listedDrafts{some(each(rows, func(r account.Row) listedDraft {
			return listedDraft{r.Name, r.Provider, r.Cloud, r.Way, moment{r.Expires}, moment{r.Updated}, r.Begun, r.Owned}
		}))})
	}
	if len(rows) == 0 {
		fmt.Fprintln(l.errs, "There is no draft.")
	}
	for _, r := range rows {
		text := fmt.Sprintf("%s: %s, last changed %s", r.Name, r.Provider, steps.Day(r.Updated.Local())+r.Updated.Local().Format(" 15:04"))
		if r.Begun != "" {
			text += ", " + begunWords[r.Begun]
		}
		if r.Owned {
			text += ", open in another window"
		}
		fmt.Fprintln(l.ports.Out, account.Clean(text, textLimit))
	}
	return nil
}

// draft reads the draft of that name; without a name the only one there is.
func (w World) draft(ctx context.Context, args []string) (account.Draft, error) {
	rows := w.Known.Drafts
	if len(args) > 0 {
		r, ok := named(rows, args[0])
		if a, linked := named(w.Known.Accounts, args[0]); !ok && linked {
			return account.Draft{}, connected(a)
		}
		if !ok {
			return account.Draft{}, &outcome{err: fmt.Errorf("there is no draft %q", account.Clean(args[0], 60)), code: WrongUsage, hint: "List them with: xops-onboard drafts"}
		}
		rows = []account.Row{r}
	}
	switch len(rows) {
	case 0:
		return account.Draft{}, &outcome{err: errors.New("there is no draft"), code: WrongUsage, hint: "Link an account with: xops-onboard add"}
	case 1:
		if rows[0].Owned {
			return account.Draft{}, &account.Problem{Kind: account.DraftOwned}
		}
		return w.read(ctx, rows[0])
	}
	var names []string
	for _, r := range rows {
		names = append(names, word(string(r.Name)))
	}
	return account.Draft{}, usage{fmt.Errorf("there are several drafts; name one of them: %s", strings.Join(names, ", "))}
}

// connected is that an account has no draft, and how what was begun on it goes on.
func connected(a account.Row) error {
	if rotates(a) {
		return &outcome{err: fmt.Errorf("%s is connected; %s", a.Name, begunWords[a.Begun]), code: WrongUsage, hint: "Go on with: xops-onboard rotate " + word(string(a.Name))}
	}
	return usage{fmt.Errorf("%s is connected; there is no draft of it", a.Name)}
}

// read reads a draft. One that has taken its account's place already is no draft
// any more: its key is the account's.
func (w World) read(ctx context.Context, r account.Row) (account.Draft, error) {
	reg := w.Env.Ops.Ports().Registry
	if r.Begun == account.Repointing {
		mend := w.Env.Ops.Mend()
		select {
		case <-mend.Ended():
		case <-ctx.Done():
			return account.Draft{}, ended(ctx, ctx.Err())
		}
		if _, err := reg.Draft(ctx, r.ID); account.KindOf(err) == account.NotFound {
			return account.Draft{}, usage{fmt.Errorf("%s has taken its account's place already; there is no draft of it", r.Name)}
		}
	}
	return reg.Draft(ctx, r.ID)
}

// onboarding reads the draft of that name, as draft does, to go on with: one of
// an account that is being removed can only be removed.
func (w World) onboarding(ctx context.Context, args []string) (account.Draft, error) {
	d, err := w.draft(ctx, args)
	if err == nil && d.Leaving {
		return d, &outcome{err: fmt.Errorf("%s is being removed", d.Name), code: WrongUsage, hint: "Go on with: xops-onboard remove " + word(string(d.Name))}
	}
	return d, err
}

// named is the row of that name, by the rule that keeps names apart.
func named(rows []account.Row, name string) (account.Row, bool) {
	for _, r := range rows {
		if strings.EqualFold(string(r.Name), strings.Join(strings.Fields(name), " ")) {
			return r, true
		}
	}
	return account.Row{}, false
}
