package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
)

// processVersion is of what the AWS SDKs and the AWS CLI read from a
// credential_process. Source:
// docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html.
const processVersion = 1

func newCredentials(l *line) *cobra.Command {
	var show bool
	cmd := &cobra.Command{
		Use:   "credentials name",
		Short: "Print credentials of an AWS account, for a program",
		Long: "Print credentials of a linked AWS account that hold for an hour, as the AWS SDKs and the AWS CLI read them from a credential_process. " +
			"They are secret: nothing is printed to a terminal unless --show says so. Microsoft and Azure accounts are not there yet.",
		Example: "[profile xops]\ncredential_process = xops-onboard credentials Production",
		Args:    l.words(1),
		RunE: l.does(func(ctx context.Context, names []string) error {
			if len(names) == 0 {
				return usage{errors.New("which account is missing")}
			}
			return l.work(ctx, func(ctx context.Context, w World) error { return l.credentials(ctx, w, names[0], show) })
		}),
	}
	cmd.Flags().BoolVar(&show, "show", false, "print them to a terminal, too")
	return cmd
}

func (l *line) credentials(ctx context.Context, w World, name string, show bool) error {
	row, err := w.account(name)
	if err != nil {
		return err
	}
	switch {
	case row.Provider != account.AWS:
		return &outcome{err: fmt.Errorf("credentials of a %s account are not there yet; of AWS accounts they are", row.Provider), code: WrongUsage}
	case l.ports.Shown && !show:
		return &outcome{err: errors.New("these credentials are secret, and standard output is a terminal"), code: WrongUsage, hint: "Let a program read them, or add --show. Nothing was asked of AWS."}
	}
	ctx, stop := stoppable(ctx)
	defer stop()
	a, err := w.Env.Ops.Ports().Registry.Account(ctx, row.ID)
	if err != nil {
		return err
	}
	if a.Key.Store != "" {
		if err := l.ready(ctx, w, a.Key.Store); err != nil {
			return err
		}
	}
	c, err := w.Env.Ops.AWSCredentials(ctx, a)
	if err != nil {
		return ended(ctx, err)
	}
	return json.NewEncoder(l.ports.Out).Encode(struct {
		Version         int
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string     `json:",omitempty"`
		Expiration      *time.Time `json:",omitempty"`
	}{processVersion, c.AccessKeyID, c.SecretAccessKey, c.SessionToken, expiration(c)})
}

// expiration is when credentials end; nil for those of a profile that do not.
func expiration(c account.AWSCredentials) *time.Time {
	if c.Expires.IsZero() {
		return nil
	}
	end := c.Expires.UTC()
	return &end
}
