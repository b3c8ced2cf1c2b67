package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"
)

// newVersion is what package version leaves to it of this command.
func newVersion(l *line) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  l.words(0),
		RunE:  l.does(func(context.Context, []string) error { return l.version() }),
	}
	return cmd
}

func (l *line) version() error {
	b := l.ports.Build()
	if l.json {
		return encode(l.ports.Out, b)
	}
	_, err := io.WriteString(l.ports.Out, b.Line())
	return err
}
