package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
)

// examined is what was found of one part of this machine, as JSON.
type examined struct {
	Step string `json:"step"`
	check
	Subject string `json:"subject,omitempty"` // which one, where there are several
	Needed  bool   `json:"needed"`            // what is not needed decides nothing
}

func newDoctor(l *line) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look whether this machine has what is needed",
		Long: "Look at the key stores, the accounts and drafts kept here, the environment, the proxy, the hosts of each cloud and who signed their certificates, the clock and the terminal. " +
			"Nothing is changed and nobody is asked. Each line is ✓, ✗ where something stands in the way, or ? where it cannot be told, with what to do.",
		Args: l.words(0),
		RunE: l.does(func(ctx context.Context, _ []string) error { return l.doctor(ctx) }),
	}
	return cmd
}

func (l *line) doctor(ctx context.Context) error {
	ctx, stop := stoppable(ctx)
	defer stop()
	m := l.ports.Machine(l.start)
	v := l.voice(World{})
	v.now = m.Now
	found := map[account.CheckState]int{}
	decides := map[account.CheckState]int{}
	err := m.Examine(ctx, func(all []account.Finding) {
		for _, f := range all {
			found[f.State]++
			if f.Needed {
				decides[f.State]++
			}
		}
		l.findings(v, all)
	})
	if err != nil {
		return ended(ctx, err)
	}
	switch {
	case decides[account.Missing] > 0:
		return &outcome{err: fmt.Errorf("%s in the way", is(decides[account.Missing], "thing")), code: NotLinked, counts: found}
	case decides[account.Unknown] > 0:
		return &outcome{err: errors.New("nothing is in the way as far as can be told; something could not be told"), code: Unchecked, counts: found}
	}
	v.result([]string{"This machine has what is needed."}, result{State: "ready", Counts: found})
	return nil
}

// findings tell of parts.
func (l *line) findings(v *voice, all []account.Finding) {
	if l.json {
		for _, f := range all {
			v.line(l.ports.Out, examined{"finding", toCheck(f.Check), f.Subject, f.Needed})
		}
		return
	}
	v.writes(steps.FindingLines(all, l.start.Plain))
}
