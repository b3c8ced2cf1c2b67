package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
)

func newVersion(l *line) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  l.words(0),
		RunE: l.does(func(context.Context, []string) error {
			if l.json {
				return json.NewEncoder(l.ports.Out).Encode(map[string]string{"version": l.ports.Version})
			}
			_, err := fmt.Fprintln(l.ports.Out, "xops-onboard", l.ports.Version)
			return err
		}),
	}
	l.asJSON(cmd)
	return cmd
}
