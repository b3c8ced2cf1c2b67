package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
)

// stay is something that stays where it is, and where to find it.
type stay struct {
	What string `json:"what"`
	ID   string `json:"id,omitempty"`
	Menu string `json:"menu,omitempty"` // menus of the portal, on the way to it
	URL  string `json:"url,omitempty"`
}

func (s stay) String() string {
	text := s.What
	if s.ID != "" {
		text += " " + s.ID
	}
	if s.Menu != "" {
		text += ": " + s.Menu + ", " + s.URL
	}
	return text
}

func newUndo(l *line) *cobra.Command {
	var way, profile string
	cmd := &cobra.Command{
		Use:   "undo [name]",
		Short: "Take back what was begun",
		Long:  "Remove a draft with its key. What the program made in the tenant is removed there as well, which needs --sign-in, in AWS --profile; what a person made in the portal or console stays, and is listed.",
		Args:  l.words(1),
		RunE:  l.does(func(ctx context.Context, args []string) error { return l.undo(ctx, args, way, profile) }),
	}
	l.takesNames(cmd, 1, drafts)
	signsIn(cmd, &way)
	l.profiled(cmd, &profile)
	return cmd
}

func (l *line) undo(ctx context.Context, args []string, signIn, profile string) error {
	way, err := l.parseSignIn(signIn)
	if err != nil {
		return err
	}
	return l.work(ctx, func(ctx context.Context, w World) error {
		d, err := w.draft(ctx, args)
		if err != nil {
			return err
		}
		if err := signsFor(d, way, profile); err != nil {
			return err
		}
		inTenant := steps.InTenant(d)
		if inTenant && way == "" && profile == "" {
			return l.signInNeeded(w, d)
		}
		ctx, stop := stoppable(ctx)
		defer stop()
		if err := l.certain(ctx, d.Name, "This removes the draft, its key, and what it made"); err != nil {
			return err
		}
		if k := d.Key(); k.ID != "" && k.Store == account.Keyring {
			if err := l.ready(ctx, w, k.Store); err != nil {
				return err // before anything is gone elsewhere
			}
		}
		if inTenant {
			if d.Provider == account.AWS {
				return w.kept(l.takeBackAWS(ctx, w, d, profile), "undo", d)
			}
			return w.kept(l.takeBack(ctx, w, d, way), "undo", d)
		}
		return w.kept(l.throwAway(ctx, w, d), "undo", d)
	})
}

// signInNeeded says what would stay in the tenant.
func (l *line) signInNeeded(w World, d account.Draft) error {
	v := l.voice(w)
	v.say("Without a sign-in this would stay in %s:", whereMade(d))
	v.says(indented(left(d)))
	if d.Provider == account.AWS {
		return &outcome{err: fmt.Errorf("taking back what %s made in AWS needs a profile of the account", d.Name), code: NotAllowed, hint: "Add --profile. Nothing was changed."}
	}
	return &outcome{
		err:  fmt.Errorf("taking back what %s made in the tenant needs a sign-in", d.Name),
		code: NotAllowed, hint: "Add --sign-in browser or --sign-in device-code. Nothing was changed.",
	}
}

// certain asks for the name of what is to go, unless nothing is to be asked.
func (l *line) certain(ctx context.Context, name account.Name, what string) error {
	switch {
	case l.yes:
		return nil
	case !l.ports.Terminal && !l.start.Plain || l.json:
		return missing([]string{"--yes"}, "It is asked on a terminal, or in lines with --plain.")
	}
	text, err := l.answer(ctx, what+". Type its name, "+account.Clean(string(name), 60)+", to do that")
	if err != nil {
		return err
	}
	if text != string(name) {
		return errors.New("that is not its name; nothing was changed")
	}
	return nil
}

func (l *line) takeBack(ctx context.Context, w World, d account.Draft, way account.SignInWay) error {
	v := l.voice(w)
	by, err := l.signIn(ctx, w, v, d, way, "", steps.InAzure(d))
	if err != nil {
		return err
	}
	defer by.Forget()
	client := by.Directory.Person().Client
	_, binned, err := v.follow(ctx, w.Env.Ops.TakeBack(d.ID, by))
	if err != nil {
		return err
	}
	v.result(append(steps.TakenBackLines(binned), steps.SignInLeftLines(d.Cloud, client)...), result{State: "taken-back", Restorable: toRestorable(binned), Stays: signInLeft(d.Cloud, client)})
	return nil
}

// signInLeft is what a sign-in left in the tenant, which stays there.
func signInLeft(c account.CloudID, client account.ClientID) []stay {
	p := steps.SignInPage(c, client)
	return []stay{{What: "delegated permissions that the sign-in left, which may have been there before", Menu: p.Menu(steps.SignInApp(client)), URL: p.URL}}
}

// throwAway removes a draft that made nothing in the tenant by itself.
func (l *line) throwAway(ctx context.Context, w World, d account.Draft) error {
	v := l.voice(w)
	if _, _, err := v.follow(ctx, w.Env.Ops.ThrowAway(d.ID)); err != nil {
		return err
	}
	stays := byHand(d)
	if a, err := w.Env.Ops.Ports().Registry.Account(ctx, d.Replaces); err == nil && a.Microsoft().Client == d.Microsoft().Client {
		stays = files(d) // the app is the account's
	}
	text := steps.TakenBackLines(nil)
	if len(stays) > 0 {
		text = append(text, "This was made by hand, and stays until somebody deletes it:")
	}
	v.result(append(text, indented(stays)...), result{State: "taken-back", Stays: stays})
	return nil
}

// left is what the draft made in the tenant by itself.
func left(d account.Draft) (out []stay) {
	if d.Provider == account.AWS {
		return stackLeft(d)
	}
	m, made, c := d.Microsoft(), d.Made, d.Cloud.Cloud()
	name := steps.AppName(d)
	switch {
	case made.Adopted != nil:
		out = append(out, at("our certificate and permission on the app "+made.Adopted.App.Name, string(made.Adopted.App.Application), made.Adopted.App.Name, c.CertificatesPage(made.Adopted.App.Client)))
	case made.Adopt != "":
		out = append(out, at("our certificate and permission on the app "+string(made.AdoptClient)+", if they were added", string(made.Adopt), string(made.AdoptClient), c.CertificatesPage(made.AdoptClient)))
	case made.Application == "":
		out = append(out, at("app registration "+name+", if it was made", "", name, c.AppRegistrationsPage()))
	default:
		out = append(out, at("app registration "+name, string(made.Application), name, c.CertificatesPage(m.Client)))
	}
	for _, a := range made.Azure {
		out = append(out, at("its role "+a.Role.String()+" in Azure on "+a.Scope.ID(), string(a.ID), name, c.AzureAccessPage(a.Scope)))
	}
	if made.Elevated {
		out = append(out, at("User Access Administrator over all of Azure, taken for the changes", "", name, c.AzureAccessPage("")))
	}
	for _, s := range []stay{
		{What: "its enterprise app", ID: string(made.Principal)},
		{What: "its grant of AccessReview.Read.All", ID: string(made.Grant)},
		{What: "its role Global Reader", ID: string(made.Role)},
	} {
		if s.ID != "" {
			out = append(out, s)
		}
	}
	return out
}

// byHand is what the person made, as far as the draft tells. An account had all of it.
func byHand(d account.Draft) (out []stay) {
	if d.Provider == account.AWS {
		return append(stackLeft(d), awsFiles(d)...)
	}
	m, c := d.Microsoft(), d.Cloud.Cloud()
	name := steps.AppName(d)
	if m.Client != "" || slices.Contains(d.Trail, "register") {
		out = append(out, at("app registration "+name+", with its enterprise app, consent and role", string(m.Client), name, c.AppRegistrationsPage()))
		if d.Leaving || slices.Contains(d.Ticked, "role") {
			out = append(out, at("Global Reader of that app, which goes with it", "", name, c.RolesPage()))
		}
		for _, s := range d.Azure().Scopes {
			if d.Leaving || slices.Contains(d.Ticked, "azure-reader") {
				out = append(out, at("its roles in Azure on "+s.ID()+", which do not go with it", "", name, c.AzureAccessPage(s)))
			}
		}
	}
	return append(out, files(d)...)
}

// files are the certificates that were written for somebody to upload.
func files(d account.Draft) (out []stay) {
	if d.Provider == account.AWS {
		return awsFiles(d)
	}
	for _, k := range d.Keys {
		if s := (stay{What: "certificate file " + k.Saved}); k.Saved != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func at(what, id, app string, p account.PortalPage) stay {
	return stay{What: account.Clean(what, 200), ID: id, Menu: p.Menu(app), URL: p.URL}
}
