package steps_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
)

// talk walks the route over a pipe: what is typed, and what is said.
func talk(t *testing.T, w *world, d account.Draft, typed ...string) (said string, got account.Draft, err error) {
	t.Helper()
	var out bytes.Buffer
	p := steps.Plain{Env: w.env, In: bufio.NewReader(strings.NewReader(strings.Join(typed, "\n") + "\n")), Out: &out}
	if len(typed) == 0 {
		p.In = bufio.NewReader(strings.NewReader(""))
	}
	got, err = p.Run(t.Context(), steps.Routes, d)
	return out.String(), got, err
}

func TestPlainRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.verify = func(n int) account.Report {
		role, consent := missing(account.GlobalReader, account.RoleMissing), missing(account.Consent, account.PermissionNotAdded)
		r := report()
		switch n {
		case 1:
			r = report(missing(account.CertificateAccepted, account.CertificateUnseen), role, consent)
		case 2:
			r = report(role, consent)
		case 3:
			r = report(consent)
		}
		r.Facts.Review = "Guests of the marketing team"
		return r
	}
	said, d, err := talk(t, w, account.Draft{},
		"3", // Microsoft
		"2", // by hand
		"Contoso", "",
		client, "contoso.com", domain,
		"", "", // uploaded: not seen, then seen
		"", "", // role, permission
	)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	last := 0
	for _, want := range []string{
		"Which cloud do you want to link first?", "3. Microsoft.",
		"Friendly name", "Register the app", "1. Entra ID › App registrations › New registration", "2. Name: Xops 360 - Contoso",
		"Application (client) ID", "Directory (tenant) ID", "Organization ID", "Tenant found in the Global cloud; the organization is the same tenant.",
		"Making the key, storing it and reading it back: done.", "Certificate file: /home/ada/Downloads/contoso-9f3a61c2.cer", "Thumbprint (SHA-1): 9F3A61C2 9F3A61C2",
		"Certificate accepted: does not hold. Entra does not know this certificate yet.", "- another file was uploaded", "Certificate accepted: holds.",
		"Search for Global Reader and select it", "Global Reader: holds.", "Grant admin consent, then Yes", "Admin consent: holds.", "Access reviews readable: holds.",
		"Contoso is connected.", "Nothing has been sent to Xops 360. The key stays in this user's OS keyring.",
		"Application ID: " + client, "Tenant ID: " + tenant, "Organization ID: " + domain, "Access reviews: Guests of the marketing team",
	} {
		at := strings.Index(said[last:], want)
		if at < 0 {
			t.Errorf("%q is not said, or not in order:\n%s", want, said)
			continue
		}
		last += at
	}
	if strings.ContainsAny(said, "\x1b\r") {
		t.Errorf("there are control characters in it:\n%q", said)
	}
	if c, err := w.reg.Contents(t.Context()); err != nil || len(c.Accounts) != 1 || len(c.Drafts) != 0 || d.Key().Saved == "" {
		t.Errorf("contents = %+v, %v", c, err)
	}
}

// TestPlainErrors holds what each wrong answer is told, and that it is asked again.
func TestPlainErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inner := w.discover
	w.discover = func(c account.CloudID, s string) (account.Tenant, time.Duration, error) {
		if s == "fabrikam.onmicrosoft.com" {
			return account.Tenant{ID: "bbbbcccc-0000-dddd-1111-eeee2222ffff", Cloud: account.Global}, 0, nil
		}
		tn, _, err := inner(c, s)
		return tn, time.Hour, err
	}
	w.verify = func(int) account.Report {
		return report(missing(account.GlobalReader, account.RoleMissing), account.Check{Name: account.AccessReviews, State: account.Unknown, Problem: &account.Problem{Kind: account.Unavailable, Status: 503}})
	}
	said, _, err := talk(t, w, account.Draft{},
		"four", "3", "2",
		"", strings.Repeat("x", 61), "Contoso", "",
		"not an id", tenant, // the client id
		"nobody.example", tenant, // the tenant; then the client is the same id
		"x", "fabrikam.onmicrosoft.com", // the organization
		client,
		domain,
		"s", "s", "s", // on without upload, role and permission
		"", "q", // verify again, leave
	)
	if !errors.Is(err, steps.ErrLater) {
		t.Errorf("err = %v, want ErrLater", err)
	}
	for _, want := range []string{
		"That is not one of the numbers.", "This is needed to go on.", "That is too long for a name; 60 characters at most.",
		"This is not an id.", "No tenant has this id or domain", "This is not a domain name.", "This is the same id as the tenant's.",
		"This domain belongs to another tenant.", "This machine's clock is 1 hour ahead.",
		"Global Reader: does not hold.", "Access reviews readable: could not be checked. The service has a problem of its own (HTTP 503).",
		"Not everything holds yet.",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said", want)
		}
	}
	if t.Failed() {
		t.Log(said)
	}
	if c, err := w.reg.Contents(t.Context()); err != nil || len(c.Drafts) != 1 {
		t.Errorf("the draft is not kept: %+v, %v", c, err)
	}
}

// TestPlainEndOfInput ends the input at every question: that is an error each
// time, never an answer.
func TestPlainEndOfInput(t *testing.T) {
	t.Parallel()
	typed := []string{"3", "2", "Contoso", "", client, tenant, domain, ""}
	for n := range typed {
		w := newWorld(t)
		said, _, err := talk(t, w, account.Draft{}, typed[:n]...)
		if !errors.Is(err, steps.ErrInputEnded) {
			t.Errorf("after %d answers: err = %v, want ErrInputEnded\n%s", n, err, said)
		}
	}
	if _, _, err := talk(t, newWorld(t), account.Draft{}, typed...); err != nil {
		t.Errorf("with all answers: %v", err)
	}
}

// TestPlainGoesOn asks nothing that is known, and begins where the draft was left.
func TestPlainGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	said, _, err := talk(t, w, w.draft(t, "upload"), "", "", "")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(said, "Friendly name") || !strings.HasPrefix(strings.TrimSpace(said), "Upload certificate.") {
		t.Errorf("it does not go on with the upload:\n%s", said)
	}

	filled := account.Draft{Provider: account.Microsoft, Way: account.ByHand, Name: "Contoso", Link: account.MicrosoftLink{Tenant: tenant, Client: client, Organization: domain}}
	said, _, err = talk(t, newWorld(t), filled, "", "", "", "")
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	for _, asked := range []string{"Friendly name:", "Application (client) ID:", "Cloud ("} {
		if strings.Contains(said, asked) {
			t.Errorf("%q is asked though it is known:\n%s", asked, said)
		}
	}
}

func TestPlainOfALinkedApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env.Known = []account.Row{{ID: "5f3c1a70-0000-4000-8000-0000000000aa", Name: "Other", Identity: "global/" + tenant + "/" + client}}
	_, _, err := talk(t, w, account.Draft{Provider: account.Microsoft, Way: account.ByHand, Link: account.MicrosoftLink{}}, "Contoso", "", client, tenant, domain)
	if p := account.AsProblem(err); p == nil || p.Kind != account.AlreadyLinked || p.Subject != "Other" || strings.Contains(steps.Advise(p).Line(), "Enter") {
		t.Errorf("err = %v, want AlreadyLinked", err)
	}
}

// TestPlainKeyStore is a machine without a keyring.
func TestPlainKeyStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store[account.Keyring] = account.StoreNoBus
	upTo := []string{"Contoso", "", client, tenant, domain}
	begin := account.Draft{Provider: account.Microsoft, Way: account.ByHand, Link: account.MicrosoftLink{}}
	said, _, err := talk(t, w, begin, append(upTo, "1", "3")...)
	if !errors.Is(err, steps.ErrLater) || strings.Count(said, "no D-Bus session bus is running") != 2 {
		t.Errorf("err = %v, want ErrLater after one more look:\n%s", err, said)
	}

	// Without a terminal no passphrase can be asked.
	w = newWorld(t)
	w.store[account.Keyring] = account.StoreNoBus
	_, _, err = talk(t, w, begin, append(upTo, "2")...)
	if account.KindOf(err) != account.StoreNotUsable {
		t.Errorf("err = %v, want StoreNotUsable", err)
	}

	w = newWorld(t)
	w.store[account.Keyring] = account.StoreNoBus
	phrases := []string{"correct horse battery", "another one", "tiny", "tiny", "correct horse battery", "correct horse battery"}
	var out bytes.Buffer
	p := steps.Plain{Env: w.env, Out: &out, In: bufio.NewReader(strings.NewReader(strings.Join(append(upTo, "2", "", "", ""), "\n") + "\n"))}
	p.Secret = func(string) ([]byte, error) {
		if len(phrases) == 0 {
			return nil, io.EOF
		}
		s := phrases[0]
		phrases = phrases[1:]
		return []byte(s), nil
	}
	d, err := p.Run(t.Context(), steps.Routes, begin)
	if err != nil || d.Key().Store != account.FileStore {
		t.Errorf("the key is in %q, %v\n%s", d.Key().Store, err, out.String())
	}
	for _, want := range []string{"The two are not the same.", "That passphrase is too short.", "The key stays in a file under your passphrase."} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not said:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "correct horse") {
		t.Errorf("a passphrase is said:\n%s", out.String())
	}
}

func TestPlainKeyThatIsNotMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refuse = &account.Problem{Kind: account.StoreKeptNot}
	said, _, err := talk(t, w, account.Draft{Provider: account.Microsoft, Way: account.ByHand, Link: account.MicrosoftLink{}}, "Contoso", "", client, tenant, domain)
	if account.KindOf(err) != account.StoreKeptNot || !strings.Contains(said, "The key store said yes and kept nothing") {
		t.Errorf("err = %v\n%s", err, said)
	}
}

// TestPlainOffline goes on with what could not be looked up, and says so.
func TestPlainOffline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.discover = func(account.CloudID, string) (account.Tenant, time.Duration, error) {
		return account.Tenant{}, 0, &account.Problem{Kind: account.Offline, Subject: "login.microsoftonline.com"}
	}
	said, d, err := talk(t, w, account.Draft{Provider: account.Microsoft, Way: account.ByHand, Link: account.MicrosoftLink{}}, "Contoso", "", client, tenant, domain)
	if !errors.Is(err, steps.ErrInputEnded) || d.Microsoft().Tenant != tenant || !strings.Contains(said, "login.microsoftonline.com cannot be reached from this machine.") {
		t.Errorf("err = %v, tenant %q\n%s", err, d.Microsoft().Tenant, said)
	}
}

// TestPlainOverSSH has the line that brings the certificate over.
func TestPlainOverSSH(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env.Place.Remote, w.env.Place.Host = true, "ada@10.0.0.7"
	said, _, _ := talk(t, w, account.Draft{Provider: account.Microsoft, Way: account.ByHand, Link: account.MicrosoftLink{}}, "Contoso", "", client, tenant, domain)
	if want := "scp ada@10.0.0.7:/home/ada/contoso-9f3a61c2.cer ."; !strings.Contains(said, want) {
		t.Errorf("%q is not said:\n%s", want, said)
	}
}
