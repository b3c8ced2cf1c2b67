package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

// Build is what the program was built from. What is not known is empty.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Date    string `json:"date,omitempty"` // of the commit
	Changed bool   `json:"changed,omitempty"`
	Go      string `json:"go,omitempty"`
}

// String is one line: a version and, where they are known, the commit and its day.
func (b Build) String() string {
	const short, day = len("1fa60dd1fa60"), len("2026-11-26")
	if b.Commit == "" {
		return b.Version
	}
	of := b.Commit[:min(short, len(b.Commit))]
	if b.Date != "" {
		of += ", " + b.Date[:min(day, len(b.Date))]
	}
	if b.Changed {
		of += ", and changes that are not committed"
	}
	return fmt.Sprintf("%s (%s)", b.Version, of)
}

func newVersion(l *line) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  l.words(0),
		RunE: l.does(func(context.Context, []string) error {
			if l.json {
				return encode(l.ports.Out, l.ports.Build)
			}
			_, err := fmt.Fprintln(l.ports.Out, "xops-onboard", l.ports.Build)
			return err
		}),
	}
	l.asJSON(cmd)
	return cmd
}
