package demo_test

import (
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/aws"
	"github.com/axiomio/xops-onboard/entra"
	"github.com/axiomio/xops-onboard/internal/demo"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/keystore"
)

// TestDoingEveryStep has the administrator do each step: in the end everything
// holds, against the same client that asks a real cloud.
func TestDoingEveryStep(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	now := time.Now()
	w := demo.New(func() time.Time { return now })
	client, err := rest.New(rest.Options{Transport: w.Transport(), Version: "test", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	ms := entra.New(client, func() time.Time { return now })
	do := func(stop string, d account.Draft) string {
		t.Helper()
		clip, err := w.Do(ctx, stop, d)
		if err != nil {
			t.Fatalf("%s: %v", stop, err)
		}
		now = now.Add(time.Minute) // it has spread by then
		return clip
	}

	d := account.Draft{Name: "Contoso"}
	if clip := do("register", d); clip != "" {
		t.Errorf("register brings %q back", clip)
	}
	over := account.ReadOverview(do("identifiers", d))
	tenant, _, err := ms.Discover(ctx, "", over.TenantFirst()[0])
	if err != nil {
		t.Fatal(err)
	}
	id, ok := over.ClientBeside(tenant.ID)
	if !ok || len(over.Domains) == 0 {
		t.Fatalf("the page that comes back holds %+v", over)
	}
	d.Cloud, d.Link = tenant.Cloud, account.MicrosoftLink{Tenant: tenant.ID, Client: id, Organization: over.Domains[0]}

	keys, _ := keystore.Memory()
	const key = "5f3c1a70-0000-4000-8000-000000000001"
	if err := keys.Make(ctx, account.Keyring, key, 2048); err != nil {
		t.Fatal(err)
	}
	signer, err := keys.Open(ctx, account.Keyring, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := keys.Certify(signer, "Xops 360", now, 90*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	d.Keys = []account.Key{{ID: key, Certificate: cert}}
	target := account.Target{Cloud: d.Cloud, Link: d.Microsoft(), Certificate: cert}
	for _, step := range []struct {
		stop  string
		check account.CheckName
	}{{"upload", account.CertificateAccepted}, {"role", account.GlobalReader}, {"permission", account.Consent}} {
		if r := ms.Verify(ctx, target, signer); r.Holds(step.check) {
			t.Errorf("%s holds before it is done", step.stop)
		}
		do(step.stop, d)
		if r := ms.Verify(ctx, target, signer); !r.Holds(step.check) {
			t.Errorf("%s does not hold after it was done: %+v", step.stop, r.Checks)
		}
	}
	if r := ms.Verify(ctx, target, signer); !r.Linked() || r.Facts.Review == "" {
		t.Errorf("not linked: %+v", r)
	}
}

// TestIdentifiersWithoutRegistering registers the app for who skipped that.
func TestIdentifiersWithoutRegistering(t *testing.T) {
	t.Parallel()
	w := demo.New(time.Now)
	clip, err := w.Do(t.Context(), "identifiers", account.Draft{Name: "Contoso"})
	if err != nil || len(account.ReadOverview(clip).GUIDs) < 2 {
		t.Errorf("clipboard = %q, %v", clip, err)
	}
}

// TestWhatThePortalRefuses comes back as an error, as it would be read there.
func TestWhatThePortalRefuses(t *testing.T) {
	t.Parallel()
	w := demo.New(time.Now)
	for _, stop := range []string{"upload", "role", "permission"} {
		if _, err := w.Do(t.Context(), stop, account.Draft{Link: account.MicrosoftLink{Client: "00001111-aaaa-2222-bbbb-3333cccc4444"}}); err == nil {
			t.Errorf("%s of an unknown app is no error", stop)
		}
	}
}

// TestPage shows the demo portal in place of an address, and what it holds.
func TestPage(t *testing.T) {
	t.Parallel()
	w := demo.New(time.Now)
	const address = "https://entra.microsoft.com/#view/x"
	if _, err := w.Do(t.Context(), "register", account.Draft{Name: "Contoso"}); err != nil {
		t.Fatal(err)
	}
	page := w.Page(address)
	for _, want := range []string{address, "Xops 360 - Contoso", "Application (client) ID", "nothing real is opened"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}

// TestStackFromTheTemplate has the administrator create the stack of a draft, and
// brings the Outputs back; once more they are the same. Without a template there is
// none.
func TestStackFromTheTemplate(t *testing.T) {
	t.Parallel()
	w := demo.New(time.Now)
	client, err := rest.New(rest.Options{Transport: w.Transport(), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	a := aws.New(client, time.Now, w.Environment)
	keys, _ := keystore.Memory()
	const key = "5f3c1a70-0000-4000-8000-000000000001"
	if err := keys.Make(t.Context(), account.Keyring, key, 256); err != nil {
		t.Fatal(err)
	}
	signer, err := keys.Open(t.Context(), account.Keyring, key)
	if err != nil {
		t.Fatal(err)
	}
	l := account.AWSLink{Tag: "5f3c1a70", Region: "eu-west-1"}
	authority, err := a.Authority(signer, l, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	d := account.Draft{Provider: account.AWS, Link: l, Authority: &account.Key{Certificate: authority}}
	if _, err := w.Do(t.Context(), "aws-stack", d); err == nil {
		t.Error("a stack without a template")
	}
	w.Upload(a.Template)
	first, err := w.Do(t.Context(), "aws-stack", d)
	if err != nil {
		t.Fatal(err)
	}
	if role, anchor, profile := account.AWSOutputs(first); role == "" || anchor == "" || profile == "" {
		t.Errorf("it brings back %q", first)
	}
	if again, err := w.Do(t.Context(), "aws-stack", d); err != nil || again != first {
		t.Errorf("again it brings back %q, %v", again, err)
	}
}
