package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
)

func newAdd(l *line) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "add",
		Short: "Link an account",
		Args:  l.words(0),
		RunE: l.does(func(context.Context, []string) error {
			return &outcome{err: fmt.Errorf("which cloud is missing"), code: WrongUsage, hint: "Write: xops-onboard add microsoft, add azure or add aws"}
		}),
	}
	cmd.AddCommand(newAddMicrosoft(l), newAddAzure(l), newAddAWS(l))
	return cmd
}

// addMicrosoft is the flags of add microsoft, and of add azure, whose account is
// an app registration too.
type addMicrosoft struct {
	*line
	provider            account.Provider
	scopes              []string // of Azure
	noVaults            bool
	name, tenant, cloud string
	signInWay, keyStore string
	adopt               string
	automatic, plan     bool
	hand                handFlags
}

// told is what flags say, parsed.
type told struct {
	name  account.Name
	cloud account.CloudID
	way   account.SignInWay
	store account.Store
	adopt account.ClientID
	scope []account.AzureScope
}

func newAddAzure(l *line) *cobra.Command {
	a := &addMicrosoft{line: l, provider: account.Azure}
	cmd := &cobra.Command{
		Use:   "azure",
		Short: "Link an Azure account",
		Long: "Link an Azure account: an app registration that may read subscriptions. With --automatic you sign in twice, as Azure takes a sign-in of its own, and the program makes every change; " +
			"--plan shows them and changes nothing, --yes asks nothing. What is missing is asked on a terminal. Run again with the same name it goes on with the same draft and key.",
		Example: "xops-onboard add azure --automatic --name Contoso --tenant contoso.com --sign-in device-code --plan",
	}
	a.flags(cmd)
	f := cmd.Flags()
	f.StringArrayVar(&a.scopes, "scope", nil, "a management group or subscription to read, by its address or a subscription's id; may be given again. Else the uppermost place where you may assign roles, and by hand the tenant's root group")
	f.BoolVar(&a.noVaults, "no-key-vaults", false, "without Key Vault Reader")
	return cmd
}

func newAddMicrosoft(l *line) *cobra.Command {
	a := &addMicrosoft{line: l, provider: account.Microsoft}
	cmd := &cobra.Command{
		Use:   "microsoft",
		Short: "Link a Microsoft account",
		Long: "Link a Microsoft account (Entra ID). With --automatic you sign in and the program makes every change; --plan shows them and changes nothing, --yes asks nothing. " +
			"What is missing is asked on a terminal. Run again with the same name it goes on with the same draft and key.",
		Example: "xops-onboard add microsoft --automatic --name Contoso --tenant contoso.com --sign-in device-code --plan",
	}
	a.flags(cmd)
	return cmd
}

// flags gives the command its flags, and has it run.
func (a *addMicrosoft) flags(cmd *cobra.Command) {
	l := a.line
	cmd.Args, cmd.RunE = l.words(0), l.does(func(ctx context.Context, _ []string) error { return a.run(ctx) })
	f := cmd.Flags()
	f.StringVar(&a.name, "name", "", "what the account is called here")
	l.takesDraft(cmd, a.provider)
	f.StringVar(&a.tenant, "tenant", "", "the tenant: its id or one of its domains")
	aCloud.flag(cmd, &a.cloud, "cloud", "the national cloud: "+aCloud.words()+"; else it is found from the tenant")
	f.BoolVar(&a.automatic, "automatic", false, "sign in and let the program make the changes")
	f.BoolVar(&a.plan, "plan", false, "sign in, print what would be changed, and stop; nothing is written")
	adopts(cmd, &a.adopt)
	aStore.flag(cmd, &a.keyStore, "key-store", "where the key is kept: keyring, or file (under a passphrase)")
	signsIn(cmd, &a.signInWay)
	a.hand.flags(cmd)
}

// parse reads the flags that are there.
func (a *addMicrosoft) parse() (t told, err error) {
	if a.name != "" {
		if t.name, err = account.ParseName(a.name); err != nil {
			return t, wrong("--name", err)
		}
	}
	if a.tenant != "" {
		if _, _, err := account.ParseTenant(a.tenant); err != nil {
			return t, wrong("--tenant", err)
		}
	}
	if err := cmp.Or(aCloud.holds("cloud", a.cloud), aStore.holds("key-store", a.keyStore)); err != nil {
		return t, err
	}
	t.cloud, t.store = account.CloudID(a.cloud), account.Store(a.keyStore)
	if t.adopt, err = parseAdopt(a.adopt); err != nil {
		return t, err
	}
	for _, text := range a.scopes {
		s, err := account.ParseAzureScope(text)
		if err != nil {
			return t, wrong("--scope", err)
		}
		t.scope = append(t.scope, s)
	}
	if err := a.hand.parse(a.automatic); err != nil {
		return t, err
	}
	t.way, err = a.parseSignIn(a.signInWay)
	if err == nil && t.way != "" && a.hand.app != "" {
		err = usage{errors.New("--sign-in goes with --automatic; by hand nobody signs in here")}
	}
	return t, err
}

func (a *addMicrosoft) run(ctx context.Context) error {
	t, err := a.parse()
	if err != nil {
		return err
	}
	return a.askRest(ctx, func(ctx context.Context, w World) (*account.Draft, error) { return a.add(ctx, w, t) })
}

// add does it, where nothing has to be asked; else it returns the draft for
// who asks.
func (a *addMicrosoft) add(ctx context.Context, w World, t told) (*account.Draft, error) {
	if r, linked := named(w.Known.Accounts, string(t.name)); linked {
		return nil, a.linked(ctx, w, r, t.adopt)
	}
	d, err := a.begin(ctx, w, t)
	if err != nil {
		return nil, err
	}
	if open := a.open(d, t.way); len(open) > 0 {
		if t.adopt != "" {
			return nil, missing(open, "--adopt goes without a question or not at all; on the screens and with --plain an app is chosen after the sign-in.")
		}
		if err := a.mayAsk(open, a.plan); err != nil {
			return nil, err
		}
		return a.rest(ctx, w, d, t)
	}
	ctx, stop := stoppable(ctx)
	defer stop()
	if !a.automatic {
		return nil, a.byHand(ctx, w, d, t)
	}
	if d, err = a.found(ctx, w, d, t.cloud); err != nil {
		return nil, err
	}
	if err := mayAdopt(w, d, t.adopt); err != nil {
		return nil, err
	}
	store, err := storeFor(d, t.store)
	if err != nil {
		return nil, err
	}
	run := &automatic{line: a.line, w: w, v: a.voice(w), draft: d, way: t.way, hint: steps.SignInHint(a.tenant), store: store, adopt: t.adopt, plan: a.plan, hand: a.hand}
	return nil, run.run(ctx)
}

// linked is what is left to do for an account that is linked already.
func (a *addMicrosoft) linked(ctx context.Context, w World, r account.Row, adopt account.ClientID) error {
	v := a.voice(w)
	acc, err := w.Env.Ops.Ports().Registry.Account(ctx, r.ID)
	if err != nil {
		return err
	}
	if err := sameProvider(r, a.provider); err != nil {
		return err
	}
	if adopt != "" && adopt != acc.Microsoft().Client {
		return usage{fmt.Errorf("--adopt: %s has an app already", r.Name)}
	}
	if a.hand.app != "" && a.hand.app != acc.Microsoft().Client {
		return usage{fmt.Errorf("--client: %s is linked by another app; another account needs another --name", r.Name)}
	}
	if a.tenant != "" {
		if id, err := a.resolve(ctx, w, r.Cloud); err != nil || id.ID != acc.Microsoft().Tenant {
			return otherTenant(r.Name, err)
		}
	}
	if a.plan {
		v.result([]string{string(r.Name) + " is linked already. Nothing to change: all of it is there."}, result{State: "planned", Changes: []account.PlannedChange{}})
		return nil
	}
	ctx, stop := stoppable(ctx)
	defer stop()
	return a.verified(ctx, w, v, r.ID)
}

// sameProvider holds that an account that has the name already is of the provider
// that one is added to.
func sameProvider(r account.Row, p account.Provider) error {
	if r.Provider == p {
		return nil
	}
	return usage{fmt.Errorf("%s is an account of %s; another account needs another --name", r.Name, r.Provider)}
}

// otherStore is that --key-store names another store than a draft's key is in.
func otherStore(d account.Draft) error {
	return usage{fmt.Errorf("--key-store: the key of %s is in the other store already", d.Name)}
}

func otherTenant(n account.Name, err error) error {
	if err != nil {
		return err
	}
	return usage{fmt.Errorf("--tenant: %s is of another tenant; another account needs another --name", n)}
}

func (a *addMicrosoft) resolve(ctx context.Context, w World, cloud account.CloudID) (account.Tenant, error) {
	id, domain, err := account.ParseTenant(a.tenant)
	if err != nil {
		return account.Tenant{}, wrong("--tenant", err)
	}
	text := string(id)
	if id == "" {
		text = string(domain)
	}
	t, _, err := w.Env.Ops.Ports().Microsoft.Discover(ctx, cloud, text)
	return t, ended(ctx, err)
}

// begin is the draft of that name, or a new one.
func (a *addMicrosoft) begin(ctx context.Context, w World, t told) (account.Draft, error) {
	if _, begun := named(w.Known.Drafts, string(t.name)); begun {
		d, err := w.onboarding(ctx, []string{string(t.name)})
		if err == nil && d.Provider != a.provider {
			return d, usage{fmt.Errorf("%s was begun as an account of %s; choose another --name", d.Name, d.Provider)}
		}
		if err == nil && a.automatic && d.Way != account.Automatic && d.Way != "" {
			return d, &outcome{err: fmt.Errorf("%s was begun by hand", d.Name), code: WrongUsage, hint: "Go on with: xops-onboard resume " + word(string(d.Name)) + ". Or choose another --name."}
		}
		if a.automatic {
			d.Way = account.Automatic
			if !slices.Contains(d.Trail, "way") {
				d.Trail = passed[:2]
			}
		}
		return a.scoped(d, t), err
	}
	d := account.Draft{Provider: a.provider, Name: t.name, Cloud: t.cloud, Chosen: t.cloud != "", Link: account.NewLink(a.provider), Trail: passed[:1]}
	if t.name != "" {
		d.ID = account.ID(w.Env.NewID())
		d = d.WithMicrosoft(account.MicrosoftLink{AppName: account.AppName(t.name)})
	}
	d = a.scoped(d, t)
	if a.automatic {
		d.Way, d.Trail = account.Automatic, passed[:2]
	}
	return d, nil
}

// scoped is the draft with what the flags say of Azure.
func (a *addMicrosoft) scoped(d account.Draft, t told) account.Draft {
	l, ok := d.Link.(account.AzureLink)
	if !ok {
		return d
	}
	if len(t.scope) > 0 {
		l.Scopes = t.scope
	}
	if a.noVaults {
		l.Vaults = false
	}
	d.Link = l
	return d
}

// open are the flags that are missing to do it without a question.
func (a *addMicrosoft) open(d account.Draft, way account.SignInWay) (flags []string) {
	m := d.Microsoft()
	hand := a.hand.app != "" || m.Client != "" && d.Way == account.ByHand
	for _, f := range []struct {
		flag    string
		missing bool
	}{
		{"--automatic", !a.automatic && (a.plan || a.adopt != "")},
		{"--client", !a.automatic && !hand && a.hand.told()},
		{"--automatic or --client", !a.automatic && !hand && !a.hand.told() && !a.plan && a.adopt == ""},
		{"--name", d.Name == ""},
		{"--tenant", a.tenant == "" && m.Tenant == ""},
		{"--sign-in", a.automatic && way == ""},
		{"--yes", !a.yes && !a.plan && (!a.ports.Terminal || a.json)},
	} {
		if f.missing {
			flags = append(flags, f.flag)
		}
	}
	return flags
}

// found has the tenant in the draft, as its id and its cloud. A draft that
// knows its tenant keeps it.
func (a *addMicrosoft) found(ctx context.Context, w World, d account.Draft, cloud account.CloudID) (account.Draft, error) {
	m := d.Microsoft()
	if a.tenant == "" {
		return d, nil
	}
	if cloud == "" && m.Tenant != "" {
		cloud = d.Cloud
	}
	t, err := a.resolve(ctx, w, cloud)
	if err != nil {
		return d, err
	}
	if m.Tenant != "" && m.Tenant != t.ID {
		return d, otherTenant(d.Name, nil)
	}
	m.Tenant, d.Cloud = t.ID, t.Cloud
	d = d.WithMicrosoft(m)
	return d, nil
}

// rest is the draft with all that the flags told, for who asks the rest.
func (a *addMicrosoft) rest(ctx context.Context, w World, d account.Draft, t told) (*account.Draft, error) {
	d, err := a.found(ctx, w, d, t.cloud)
	if err != nil {
		return nil, err
	}
	if t.store != "" && !d.Key().Stored {
		d.Keys = []account.Key{{Store: t.store}}
	}
	if a.hand.app != "" {
		m := d.Microsoft()
		m.Client, m.Organization = a.hand.app, a.hand.domain
		d = d.WithMicrosoft(m)
		d.Way, d.Trail = account.ByHand, passed[:2]
	}
	if d.Way == account.Automatic && d.Name != "" && d.Microsoft().Tenant != "" && !slices.Contains(d.Trail, "tenant") {
		d.Trail = passed[:3]
	}
	return &d, nil
}
