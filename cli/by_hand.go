package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
)

// handFlags are the flags for an app that somebody registers in the portal.
type handFlags struct {
	client, organization, directory string
	bits, days                      int
	wait                            time.Duration

	app    account.ClientID // client and organization, parsed
	domain account.Domain
}

func (h *handFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&h.client, "client", "", "by hand: the Application (client) ID of the app that was registered")
	f.StringVar(&h.organization, "organization", "", "by hand: the tenant's initial domain; else it is looked up when the app can read")
	f.StringVar(&h.directory, "certificate-out", "", "by hand: the directory that the certificate goes to")
	must(cmd.MarkFlagDirname("certificate-out"))
	f.IntVar(&h.bits, "key-size", 0, "bits of the key: "+aSize.words()+" (2048)")
	aSize.offered(cmd, "key-size")
	f.IntVar(&h.days, "valid-days", 0, "how long the certificate holds, 365 at most (180)")
	f.DurationVar(&h.wait, "wait", 0, "by hand: how long to go on checking until everything holds; run again it goes on")
}

// daysMost is the longest life of a certificate.
const daysMost = 365

// parse holds that the flags are sound, and go together with the way.
func (h *handFlags) parse(automatic bool) error {
	switch {
	case h.bits != 0 && !slices.Contains(aSize, strconv.Itoa(h.bits)):
		return usage{fmt.Errorf("--key-size: it is %s, not %d", aSize.words(), h.bits)}
	case h.days < 0 || h.days > daysMost:
		return usage{fmt.Errorf("--valid-days: it is from 1 to %d, not %d", daysMost, h.days)}
	case h.wait < 0:
		return usage{errors.New("--wait: it is a time such as 15m")}
	case automatic && h.client != "":
		return usage{errors.New("--client goes by hand; with --automatic an app that is there is named by --adopt")}
	case automatic && (h.organization != "" || h.directory != "" || h.wait != 0):
		return usage{errors.New("--organization, --certificate-out and --wait go by hand; --automatic looks up, uploads and waits by itself")}
	}
	var err error
	if h.client != "" {
		if h.app, err = account.ParseClientID(h.client); err != nil {
			return wrong("--client", err)
		}
	}
	if h.organization != "" {
		if h.domain, err = account.ParseDomain(h.organization); err != nil {
			return wrong("--organization", err)
		}
	}
	return nil
}

// told tells whether one of them was given that only the road by hand has.
func (h *handFlags) told() bool {
	return h.client != "" || h.organization != "" || h.directory != "" || h.wait != 0
}

// lives are the lives of a certificate to be tried, as long as was asked at most.
func (h *handFlags) lives(all []time.Duration) []time.Duration {
	if h.days == 0 {
		return all
	}
	longest := time.Duration(h.days) * 24 * time.Hour
	lives := []time.Duration{longest}
	for _, l := range all {
		if l < longest {
			lives = append(lives, l)
		}
	}
	return lives
}

// life is the life of a certificate that is uploaded by hand.
func (h *handFlags) life() time.Duration { return h.lives(link.Lives)[0] }

// sized is a wish for a key, of the size that was asked for.
func (h *handFlags) sized(k link.KeyWish) link.KeyWish {
	if h.bits != 0 {
		k.Bits = h.bits
	}
	return k
}

// byHand makes the key and its certificate, says what is to be done in the portal, and
// checks: once, or until everything holds. Run again it goes on with the same key.
func (a *addMicrosoft) byHand(ctx context.Context, w World, d account.Draft, t told) error {
	d, err := a.identified(ctx, w, d)
	if err != nil {
		return err
	}
	store, err := storeFor(d, t.store)
	if err != nil {
		return err
	}
	if err := a.ready(ctx, w, store); err != nil {
		return err
	}
	if d, err = w.Env.Ops.SaveAnswers(ctx, d); err != nil {
		return ended(ctx, err)
	}
	v := a.voice(w)
	if d, err = a.keyed(ctx, w, v, d, store); err == nil {
		v.says(steps.KeyLines(w.Env, d))
		d, err = a.checked(ctx, w, v, d)
	}
	return w.kept(withCertificate(err, d), a.again(), d)
}

// checked looks once, and says what is open; then it goes on looking as long as was
// asked, and makes the account when it holds.
func (a *addMicrosoft) checked(ctx context.Context, w World, v *voice, d account.Draft) (account.Draft, error) {
	report, err := v.watched(ctx, w, d, 0, account.Report{})
	if err != nil {
		return d, ended(ctx, err)
	}
	hint := ""
	if !report.Linked() {
		if d, err = w.Env.Ops.SaveAnswers(ctx, steps.Ticked(d, report)); err != nil {
			return d, ended(ctx, err)
		}
		for text := range strings.Lines(steps.HandOverText(d)) {
			v.say("%s", strings.TrimRight(text, "\n"))
		}
		hint = "What does not hold is done in the portal, as above."
		if a.hand.wait == 0 {
			return d, a.linkedBy(ctx, w, v, d, report, hint+" With --wait 15m this goes on checking.")
		}
		if report, err = v.watched(ctx, w, d, a.hand.wait, report); err != nil {
			return d, ended(ctx, err)
		}
	}
	return d, a.linkedBy(ctx, w, v, d, report, hint)
}

// again is the command that goes on.
func (a *addMicrosoft) again() string { return "add " + string(a.provider) + " --yes --name" }

// withCertificate is the error with the certificate that is to be uploaded.
func withCertificate(err error, d account.Draft) error {
	if k := d.Key(); err != nil && k.Saved != "" {
		m := more(err)
		m.certificate = &savedCertificate{Path: k.Saved, SHA1: k.Certificate.SHA1, SHA256: k.Certificate.SHA256, Expires: moment{k.Certificate.NotAfter}}
		return m
	}
	return err
}

// identified is the draft with what the flags say of the app and its tenant.
func (a *addMicrosoft) identified(ctx context.Context, w World, d account.Draft) (account.Draft, error) {
	if d.Way == account.Automatic && !steps.MayGoByHand(d) {
		return d, &outcome{err: fmt.Errorf("changes for %s were begun in the tenant", d.Name), code: WrongUsage, hint: "They are finished by xops-onboard resume " + word(string(d.Name)) + ", or taken back by xops-onboard undo."}
	}
	m := d.Microsoft()
	known := m
	if m.Client = cmp.Or(a.hand.app, known.Client); m.Client != known.Client {
		d.Ticked = nil // what held was another app's
	}
	d = d.WithMicrosoft(m)
	d, flag, p := steps.Identified(ctx, w.Env, d, cmp.Or(a.tenant, string(m.Tenant)), string(cmp.Or(a.hand.domain, m.Organization)))
	switch {
	case p != nil && flag != "" && (p.Kind == account.InputSameIDs || p.Kind == account.OrganizationOther || p.Kind == account.OrganizationNone):
		return d, wrong("--"+flag, p)
	case p != nil:
		return d, ended(ctx, p)
	case known.Tenant != "" && known.Tenant != d.Microsoft().Tenant && d.Key().Stored:
		return d, otherTenant(d.Name, nil)
	}
	return d, nil
}

// storeFor is the key store of a draft, where one was named.
func storeFor(d account.Draft, named account.Store) (account.Store, error) {
	k := d.Key()
	switch {
	case named == "":
		return steps.StoreOf(d), nil
	case k.Stored && k.Store != named:
		return "", otherStore(d)
	}
	return named, nil
}

// keyed is the draft with its key in the store and its certificate in a file.
func (a *addMicrosoft) keyed(ctx context.Context, w World, v *voice, d account.Draft, store account.Store) (account.Draft, error) {
	if d.Key().Saved != "" {
		return d, nil
	}
	wish := a.hand.sized(steps.NewKey(w.Env, store))
	wish.Life, wish.Directory = a.hand.life(), steps.Directory(w.Env, d)
	if a.hand.directory != "" {
		wish.Directory = a.hand.directory
	}
	op := w.Env.Ops.MakeKey(d.ID, wish)
	err := v.through(ctx, op, func(e link.Event) {
		if v.json {
			v.event(e)
		} else if text := steps.KeyEventLine(e); text != "" {
			v.say("%s", text)
		}
	})
	if now, unread := w.Env.Ops.Ports().Registry.Draft(context.WithoutCancel(ctx), d.ID); unread == nil {
		d = now
	}
	return d, err
}
