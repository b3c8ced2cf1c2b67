//go:build linux

package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/aws"
	"github.com/axiomio/xops-onboard/azure"
	"github.com/axiomio/xops-onboard/cli"
	"github.com/axiomio/xops-onboard/entra"
	"github.com/axiomio/xops-onboard/internal/browser"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/internal/turn"
	"github.com/axiomio/xops-onboard/keystore"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/registry"
	"github.com/axiomio/xops-onboard/steps"
)

// wired is what a command works on as the product has it, but for what change makes of
// its ports. It is for processes of the tests' own program.
func wired(ctx context.Context, change func(home string, p *link.Ports) error) (w cli.World, err error) {
	home := filepath.Join(os.Getenv("XDG_DATA_HOME"), "xops-onboard")
	if special := os.Getenv("XOPS_HOME"); special != "" {
		home = special
	}
	reg, err := registry.Open(home, filepath.Join(home, "state"), registry.Self(), registry.Alive)
	if err != nil {
		return w, err
	}
	client, err := rest.New(rest.Options{Version: "test"})
	if err != nil {
		return w, err
	}
	e := entra.New(client, time.Now)
	ports := link.Ports{
		Keys: keystore.New(filepath.Join(home, "keys"), os.Getenv), Registry: reg, Save: keystore.Files{}, Now: time.Now,
		Microsoft: e, Azure: azure.New(client, e, time.Now), AWS: amazonPort{aws.New(client, time.Now, os.Getenv)},
		SignIn: func(ctx context.Context, way account.SignInWay, wish account.SignInWish, tell func(account.SignInPrompt)) (link.Administrator, error) {
			return e.SignInGraph(ctx, way, wish, tell)
		},
		SignInAzure: func(ctx context.Context, way account.SignInWay, wish account.SignInWish, tell func(account.SignInPrompt)) (link.AzureAdministrator, error) {
			wish.For = account.ResourceManager
			session, err := e.SignIn(ctx, way, wish, tell)
			return azure.Administer(client, wish.Cloud, session, time.Now), err
		},
	}
	if err := change(home, &ports); err != nil {
		return w, err
	}
	ops := link.New(ctx, ports)
	known, err := reg.Contents(ctx)
	turn.LimitMemory(len(known.Accounts))
	directory, _ := os.Getwd()
	env := steps.Env{
		Ops: ops, Place: steps.Place{Home: os.Getenv("HOME"), Directory: directory}, Open: browser.Open,
		Known: known.Accounts, Drafts: known.Drafts, Now: time.Now, NewID: uuid.NewString,
	}
	return cli.World{Env: env, Known: known, Close: ops.Close}, err
}

// amazonPort is aws as operations know it.
type amazonPort struct{ *aws.AWS }

func (a amazonPort) SignIn(ctx context.Context, profile string, region account.AWSRegion) (link.AWSAdministrator, error) {
	return a.AWS.SignIn(ctx, profile, region)
}
