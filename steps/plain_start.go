package steps

import (
	"context"
	"errors"

	"github.com/axiomio/xops-onboard/account"
)

// ErrLeft is that the person wants nothing more.
var ErrLeft = errors.New("left")

// Begin says what is there already and asks what to do, as the first screen
// does. It returns the draft to walk with, which may be a new one. ErrLeft
// when the person leaves; the problem of a registry that cannot be read.
func (p *Plain) Begin(ctx context.Context, known account.Contents) (account.Draft, error) {
	for i := range known.Damaged {
		p.Say("%s", Advise(&known.Damaged[i]).Line())
	}
	if len(known.Damaged) > 0 && len(known.Accounts)+len(known.Drafts) == 0 {
		return account.Draft{}, &known.Damaged[0] // never as if there were no accounts
	}
	for _, a := range known.Accounts {
		if a.Expires.IsZero() { // an AWS account by a profile
			p.Say("%s is connected. %s.", a.Name, a.Provider)
			continue
		}
		p.Say("%s is connected. %s, key expires %s.", a.Name, a.Provider, Day(a.Expires))
	}
	var options []string
	var drafts []account.Row
	for _, d := range known.Drafts {
		if d.Owned {
			p.Say("%s is open in another window.", d.Name)
			continue
		}
		options, drafts = append(options, "Go on with "+string(d.Name)), append(drafts, d)
	}
	if len(known.Accounts)+len(known.Drafts) == 0 {
		return account.Draft{}, nil
	}
	n, err := p.Choose("What now", append(options, "Link another account", "Leave")...)
	switch {
	case err != nil:
		return account.Draft{}, err
	case n < len(drafts):
		d, err := p.Env.Ops.Ports().Registry.Draft(ctx, drafts[n].ID)
		if err == nil {
			p.Say("Going on with %s.", d.Name)
		}
		return d, err
	case n == len(drafts):
		return account.Draft{}, nil
	}
	return account.Draft{}, ErrLeft
}
