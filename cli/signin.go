package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
)

// signsIn gives a command --sign-in.
func signsIn(cmd *cobra.Command, way *string) {
	aWay.flag(cmd, way, "sign-in", "how an administrator signs in: "+aWay.words())
}

// parseSignIn reads --sign-in, empty for none, and holds that --sign-in-client can
// be used with it.
func (l *line) parseSignIn(text string) (account.SignInWay, error) {
	if err := aWay.holds("sign-in", text); err != nil {
		return "", err
	}
	_, err := l.signInClient()
	return account.SignInWay(text), err
}

// signInClient reads --sign-in-client.
func (l *line) signInClient() (account.ClientID, error) {
	if l.start.SignInClient == "" {
		return "", nil
	}
	id, err := account.ParseClientID(l.start.SignInClient)
	if err != nil {
		return "", wrong("--sign-in-client", err)
	}
	return id, nil
}

// stoppable is ctx until the program is told to stop: what runs then ends
// between two writes. A second time ends it at once.
func stoppable(ctx context.Context) (context.Context, func()) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// signIn has an administrator of the draft's tenant sign in, beginning with the
// sign-in name of the hint; with azure for Azure as well, which takes a sign-in of
// its own.
func (l *line) signIn(ctx context.Context, w World, v *voice, d account.Draft, way account.SignInWay, hint string, azure bool) (by link.Signed, err error) {
	client, err := l.signInClient()
	if err != nil {
		return by, err
	}
	if w.Env.Demo != nil && way == account.InBrowser {
		return by, usage{errors.New("--sign-in: the demo opens no port for a browser; use device-code")}
	}
	v.say("Sign in as an administrator of tenant %s. What you sign in with stays in this program's memory and is dropped after the changes.", d.Microsoft().Tenant)
	v.say("%s", steps.SignInLeaves(client))
	w.Env.Client = client
	tell := func(p account.SignInPrompt) { v.prompt(w.Env, p) }
	by, err = steps.SignIn(ctx, w.Env, d, account.MicrosoftGraph, way, hint, tell)
	if err != nil || !azure {
		return by, ended(ctx, err)
	}
	v.say("Azure takes a sign-in of its own, as somebody who may assign roles there. %s", steps.AzureLeaves(client))
	more, err := steps.SignIn(ctx, w.Env, d, account.ResourceManager, way, hint, tell)
	if err != nil {
		by.Forget()
		return link.Signed{}, ended(ctx, err)
	}
	by.Azure = more.Azure
	return by, nil
}

// ready has a key store ready to be used, or says why it is not. Only a
// passphrase is asked for, and only of a person.
func (l *line) ready(ctx context.Context, w World, store account.Store) error {
	keys := w.Env.Ops.Ports().Keys
	status := keys.Probe(ctx, store)
	if status.State == account.StoreReady {
		return nil
	}
	p := &account.Problem{Kind: account.StoreNotUsable, Subject: string(store), State: status.State}
	if status.Detail != "" {
		p.Err = errors.New(status.Detail)
	}
	asks := status.State == account.StoreLocked || status.State == account.StoreEmpty
	switch {
	case store != account.FileStore || !asks:
		return p
	case l.ports.Secret == nil || l.yes:
		return &outcome{err: p, hint: steps.PassphraseElsewhere}
	}
	phrase, err := l.ports.Secret("Passphrase")
	if err != nil {
		return p
	}
	defer clear(phrase)
	if status.State == account.StoreEmpty {
		again, err := l.ports.Secret("The same again")
		defer clear(again)
		if err != nil || string(again) != string(phrase) {
			return &account.Problem{Kind: account.InputMismatch, Err: err}
		}
	}
	return keys.Unlock(ctx, store, phrase)
}
