package steps

import (
	"context"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// By hand where flags tell the identifiers: the same questions to the service as on
// the page that asks for them.

// Identified is a draft by hand with its tenant and organization looked up, as told,
// and the stops passed that the identifiers stand for. The flag is the one that is
// wrong: client, tenant or organization. Nothing is written.
func Identified(ctx context.Context, e Env, d account.Draft, tenant, organization string) (_ account.Draft, flag string, _ *account.Problem) {
	r := resolve(ctx, e, d, tenantText(tenant), organization)
	d = r.draft
	at := [...]string{clientAt: "client", tenantAt: "tenant", organizationAt: "organization"}[r.at]
	switch {
	case r.tenant != nil:
		return d, at, r.tenant
	case r.organ != nil:
		return d, at, r.organ
	case r.skew.Abs() > clockTolerance:
		return d, "", &account.Problem{Kind: account.ClockOff, Skew: r.skew}
	}
	if organization != "" {
		m := d.Microsoft()
		m.Organization = account.Domain(organization)
		d = d.WithMicrosoft(m)
	}
	if l := d.Azure(); d.Provider == account.Azure && len(l.Scopes) == 0 { // what the page proposes
		if root, err := account.ManagementGroup(string(l.Tenant)); err == nil {
			l.Scopes = []account.AzureScope{root}
			d.Link = l
		}
	}
	d.Way = account.ByHand
	d.Trail = nil
	for _, s := range Routes(d) {
		d.Trail = append(d.Trail, s.Name)
		if s.Name == identifiersStop.Name {
			break
		}
	}
	return d, "", nil
}

// Ticked is a draft with the stops ticked that a report sees done.
func Ticked(d account.Draft, r account.Report) account.Draft {
	d.Ticked = ticks(r, d.Ticked)
	return d
}

// MayGoByHand tells whether a draft may be linked by hand: nothing was begun in its
// tenant that a sign-in has to finish or take back.
func MayGoByHand(d account.Draft) bool { return untouched(d) }

// Directory is where the certificate file of a draft goes where nobody says.
func Directory(e Env, d account.Draft) string { return directory(e, d) }

// KeyLines say what there is to upload, and what else is still to be done.
func KeyLines(e Env, d account.Draft) []string {
	k := d.Key()
	out := []string{"Certificate file: " + k.Saved, "Thumbprint (SHA-1): " + k.Certificate.SHA1, "Expires: " + Day(k.Certificate.NotAfter)}
	if e.Place.Remote && e.Place.Host != "" {
		out = append(out, "From the machine with your browser: "+scp(e, k))
	}
	return out
}

// KeyEventLine is an event of making a key as a sentence, empty for none.
func KeyEventLine(ev link.Event) string {
	if doingWords[ev.Step] == "" || ev.State == link.Doing {
		return ""
	}
	return EventLine(ev)
}
