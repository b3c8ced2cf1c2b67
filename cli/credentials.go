package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
)

// processVersion is of what the AWS SDKs and the AWS CLI read from a
// credential_process. Source:
// docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html.
const processVersion = 1

// processCredentials are credentials as a credential_process gives them. Those of a
// profile may have no end.
type processCredentials struct {
	Version         int    `json:"Version"`
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string `json:"SecretAccessKey"`
	SessionToken    string `json:"SessionToken,omitempty"`
	Expiration      moment `json:"Expiration,omitzero"`
}

// accessToken is a token of an account's app.
type accessToken struct {
	AccessToken string           `json:"accessToken"`
	ExpiresOn   moment           `json:"expiresOn"`
	TokenType   string           `json:"tokenType"`
	Tenant      account.TenantID `json:"tenant"`
	ClientID    account.ClientID `json:"clientId"`
}

func newCredentials(l *line) *cobra.Command {
	var show bool
	var scope string
	cmd := &cobra.Command{
		Use:   "credentials name",
		Short: "Print what an account gives access with, for a program",
		Long: "Print what a linked account gives access with for about an hour, as one JSON object: of a Microsoft or Azure account an access token of its app, for --scope; " +
			"of an AWS account credentials as the AWS SDKs and the AWS CLI read them from a credential_process. " +
			"It is secret: nothing is printed to a terminal unless --show says so.",
		// Without blanks around the sign: of one that stands alone fang's help looks at
		// what follows it, finds nothing and panics (charm.land/fang/v2 v2.0.1, styleExample).
		Example: "[profile xops]\ncredential_process=xops-onboard credentials Production",
		Args:    l.words(1),
		RunE: l.does(func(ctx context.Context, names []string) error {
			if len(names) == 0 {
				return noName()
			}
			return l.work(ctx, func(ctx context.Context, w World) error { return l.credentials(ctx, w, names[0], scope, show) })
		}),
	}
	l.takesNames(cmd, 1, accounts)
	aScope.flag(cmd, &scope, "scope", "what a token is for: graph (Microsoft Graph) or azure (Azure Resource Manager); else what the account is for")
	cmd.Flags().BoolVar(&show, "show", false, "print them to a terminal, too")
	return cmd
}

func (l *line) credentials(ctx context.Context, w World, name, scope string, show bool) error {
	row, err := w.account(name)
	if err != nil {
		return err
	}
	of, err := resourceOf(row.Provider, scope)
	switch {
	case err != nil:
		return err
	case l.ports.Shown && !show:
		return &outcome{err: errors.New("these credentials are secret, and standard output is a terminal"), code: WrongUsage, hint: "Let a program read them, or add --show. Nothing was asked for."}
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
	if a.Provider != account.AWS {
		return l.token(ctx, w, a, of)
	}
	c, err := w.Env.Ops.AWSCredentials(ctx, a)
	if err != nil {
		return ended(ctx, err)
	}
	return encode(l.ports.Out, processCredentials{processVersion, c.AccessKeyID, c.SecretAccessKey, c.SessionToken, moment{c.Expires}})
}

// resourceOf reads --scope; without it a token is for what the account is for.
func resourceOf(p account.Provider, scope string) (account.Resource, error) {
	if p == account.AWS && scope != "" {
		return "", usage{errors.New("--scope is for tokens of Microsoft and Azure accounts")}
	}
	switch err := aScope.holds("scope", scope); {
	case err != nil:
		return "", err
	case scope == "azure", scope == "" && p == account.Azure:
		return account.ResourceManager, nil
	}
	return account.MicrosoftGraph, nil
}

// token prints an access token of the account's app.
func (l *line) token(ctx context.Context, w World, a account.Account, of account.Resource) error {
	t, err := w.Env.Ops.Credentials(ctx, a, of)
	if err != nil {
		return ended(ctx, err)
	}
	m := a.Microsoft()
	return encode(l.ports.Out, accessToken{t.Access, moment{t.Expires}, t.Type, m.Tenant, m.Client})
}
