// Command emptycommand is the least that a command line can be: a command of
// cobra's with one command under it, which writes a line. Package startbench
// measures other programs against it.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func main() {
	root := &cobra.Command{Use: "empty", Version: "empty"}
	root.AddCommand(&cobra.Command{Use: "version", Short: "Print the version", RunE: func(cmd *cobra.Command, _ []string) error {
		_, err := fmt.Fprintln(cmd.OutOrStdout(), "empty")
		return err
	}})
	if root.Execute() != nil {
		os.Exit(1)
	}
}
