package simcloud_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

func TestUpload(t *testing.T) {
	p := newPair(t, 0, at)
	elliptical := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	// As openssl pkcs12 -export begins: a sequence, version 3, the safe.
	pfx := must(base64.StdEncoding.DecodeString("MCACAQMwGwYJKoZIhvcNAQcBoA4EDAAAAAAAAAAAAAAAAA=="))
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(p.key))})
	weak := weakKey(t)
	for name, c := range map[string]struct {
		file    []byte
		refusal string // empty: taken
	}{
		"PEM":                         {p.pem(), ""},
		"PEM with Windows line ends":  {bytes.ReplaceAll(p.pem(), []byte("\n"), []byte("\r\n")), ""},
		"PEM after words":             {append([]byte("Xops 360\n"), p.pem()...), ""},
		"DER":                         {p.der, ""},
		"starts tomorrow":             {certificate(t, p.key, at.AddDate(0, 0, 1), at.AddDate(0, 0, 90)), ""},
		"PFX":                         {pfx, "The file could not be read."},
		"private key":                 {private, "The file could not be read."},
		"certificate and private key": {append(p.pem(), private...), "The file could not be read."},
		"certificate and half a key":  {append(p.pem(), private[:60]...), "The file could not be read."},
		"two certificates":            {append(p.pem(), p.pem()...), "The file could not be read."},
		"nothing":                     {nil, "The file could not be read."},
		"text":                        {[]byte("hello"), "The file could not be read."},
		"cut off":                     {p.der[:len(p.der)-1], "The file could not be read."},
		"elliptic curve":              {certificate(t, elliptical, at, at.AddDate(0, 0, 90)), "The certificate's key is not supported."},
		"1024 bits":                   {certificate(t, weak, at, at.AddDate(0, 0, 90)), "The certificate's key is not supported."},
		"over":                        {certificate(t, p.key, at.AddDate(0, -2, 0), at.AddDate(0, -1, 0)), "Key credential end date is invalid."},
	} {
		w := newWorld(t, account.Global)
		w.must(w.tenant.RemoveCertificate(w.app.ClientID, w.tenant.Apps()[0].Certificates[0].SHA1))
		err := w.tenant.Upload(w.app.ClientID, c.file)
		switch {
		case c.refusal == "" && err != nil:
			t.Errorf("%s: refused: %v", name, err)
		case c.refusal != "" && (err == nil || !strings.HasPrefix(err.Error(), c.refusal)):
			t.Errorf("%s: %v, want %s", name, err, c.refusal)
		}
		if taken := len(w.tenant.Apps()[0].Certificates); (taken == 1) != (c.refusal == "") {
			t.Errorf("%s: %d certificates are there", name, taken)
		}
	}
}

// weakKey is a key of a size that nobody should make; Go itself refuses to
// unless asked through the environment.
func weakKey(t *testing.T) *rsa.PrivateKey {
	t.Setenv("GODEBUG", "rsa1024min=0")
	return must(rsa.GenerateKey(rand.Reader, 1024))
}

func TestUploadUnderPolicy(t *testing.T) {
	w := newWorld(t, account.Global)
	w.tenant.SetPolicy(90 * 24 * time.Hour)
	for days, want := range map[int]string{180: "CredentialInvalidLifetimeAsPerAppPolicy", 90: ""} {
		err := w.tenant.Upload(w.app.ClientID, certificate(t, w.pair.key, at, at.AddDate(0, 0, days)))
		if code(err) != want {
			t.Errorf("%d days: %v", days, err)
		}
	}
	w.tenant.SetPolicy(0)
	w.must(w.tenant.Upload(w.app.ClientID, certificate(t, w.pair.key, at, at.AddDate(1, 0, 0))))
	w.tenant.SetTrustedAuthorities(true)
	if err := w.tenant.Upload(w.app.ClientID, certificate(t, w.pair.key, at, at.AddDate(0, 0, 7))); code(err) != "CredentialTypeNotAllowedAsPerAppPolicy" {
		t.Errorf("self-signed: %v", err)
	}
	if err := w.tenant.Upload(w.app.ClientID, w.pair.der); err == nil {
		t.Error("the same certificate twice")
	}
}

// code is Graph's code of a portal's refusal.
func code(err error) string {
	var p *simcloud.PortalError
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}

func TestRolesRefused(t *testing.T) {
	w := newWorld(t, account.Global).equip()
	for name, c := range map[string]struct {
		object, role, message string
	}{
		"application's id": {w.app.ObjectID, simcloud.GlobalReader, "Objects of type Application cannot be assigned to roles."},
		"client id":        {w.app.ClientID, simcloud.GlobalReader, "Resource '" + w.app.ClientID + "' does not exist"},
		"no such role":     {w.app.PrincipalID, tenantID, "Resource '" + tenantID + "' does not exist"},
		"twice":            {w.app.PrincipalID, simcloud.GlobalReader, "A conflicting object with one or more of the specified property values is present in the directory."},
	} {
		if err := w.tenant.AssignRole(c.object, c.role, "/"); err == nil || !strings.HasPrefix(err.Error(), c.message) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.must(w.tenant.DeletePrincipal(w.app.ClientID))
	if err := w.tenant.AssignGlobalReader(w.app.ClientID); err == nil {
		t.Error("the role was given to an app without principal")
	}
}

// TestAppsTell walks an app through its life as the administrator sees it.
func TestAppsTell(t *testing.T) {
	w := newWorld(t, account.Global)
	made := simcloud.AppState{
		App: w.app, Name: "Xops 360 - Contoso", Enabled: true, Requested: []string{"Delegated User.Read"}, Audience: "AzureADMyOrg",
		Certificates: []simcloud.CertificateState{{KeyID: w.tenant.Apps()[0].Certificates[0].KeyID, SHA1: w.pair.sha1(), NotBefore: at.Add(-5 * time.Minute), NotAfter: at.AddDate(0, 0, 180)}},
	}
	tells := func(when string, want simcloud.AppState) {
		t.Helper()
		if d := cmp.Diff([]simcloud.AppState{want}, w.tenant.Apps()); d != "" {
			t.Errorf("%s (-want +got):\n%s", when, d)
		}
	}
	tells("registered", made)
	w.equip()
	w.must(w.tenant.AssignRole(w.app.PrincipalID, simcloud.ApplicationAdministrator, "/administrativeUnits/1"))
	w.must(w.tenant.AddSecret(w.app.ClientID, "left over"))
	w.must(w.tenant.AddOwner(w.app.ClientID, "Alex Wilber"))
	w.must(w.tenant.AddFederatedCredential(w.app.ClientID, "actions"))
	full := made
	full.Requested = []string{"Delegated User.Read", "Application AccessReview.Read.All"}
	full.Granted = []string{"Application AccessReview.Read.All", "Delegated User.Read"}
	full.Roles = []string{"Global Reader", "Application Administrator at /administrativeUnits/1"}
	full.Secrets, full.Owners, full.Federated = []string{"left over"}, []string{"Alex Wilber"}, []string{"actions"}
	tells("equipped", full)

	// Deleting the enterprise app takes roles and grants along; consent makes a
	// new one.
	w.must(w.tenant.DeletePrincipal(w.app.ClientID))
	bare := full
	bare.PrincipalID, bare.Enabled, bare.Granted, bare.Roles = "", false, nil, nil
	tells("without principal", bare)
	w.must(w.tenant.GrantConsent(w.app.ClientID))
	again := w.tenant.Apps()[0]
	if again.PrincipalID == "" || again.PrincipalID == w.app.PrincipalID || len(again.Roles) != 0 || len(again.Granted) != 2 {
		t.Errorf("after consent: %+v", again)
	}
	// A wish taken back stays granted, until the next consent for delegated ones.
	w.must(w.tenant.RemovePermission(w.app.ClientID, simcloud.Delegated, "User.Read"))
	w.must(w.tenant.GrantConsent(w.app.ClientID))
	if got := w.tenant.Apps()[0].Granted; !cmp.Equal(got, []string{"Application AccessReview.Read.All"}) {
		t.Errorf("granted %v", got)
	}
	w.must(w.tenant.DeleteApp(w.app.ClientID))
	if got := w.tenant.Apps(); len(got) != 0 {
		t.Errorf("after deletion: %v", got)
	}
}

func TestUnknownClientIsRefused(t *testing.T) {
	w := newWorld(t, account.Global)
	const unknown = "12345678-0000-0000-0000-000000000000"
	for name, err := range map[string]error{
		"upload": w.tenant.Upload(unknown, w.pair.der), "remove": w.tenant.RemoveCertificate(unknown, w.pair.sha1()), "remove another": w.tenant.RemoveCertificate(w.app.ClientID, "00"),
		"role": w.tenant.AssignGlobalReader(unknown), "no role": w.tenant.RemoveGlobalReader(unknown), "role never given": w.tenant.RemoveGlobalReader(w.app.ClientID),
		"permission": w.tenant.AddPermission(unknown, simcloud.Application), "no such permission": w.tenant.AddPermission(w.app.ClientID, simcloud.Application, "All.Of.It"),
		"consent": w.tenant.GrantConsent(unknown), "revoke": w.tenant.RevokeConsent(unknown), "enable": w.tenant.SetEnabled(unknown, true),
		"delete": w.tenant.DeleteApp(unknown), "delete principal": w.tenant.DeletePrincipal(unknown), "principal twice": w.tenant.CreatePrincipal(w.app.ClientID),
		"secret": w.tenant.AddSecret(unknown, "x"), "owner": w.tenant.AddOwner(unknown, "x"), "federated": w.tenant.AddFederatedCredential(unknown, "x"), "rename": w.tenant.Rename(unknown, "x"),
	} {
		if err == nil {
			t.Errorf("%s: not refused", name)
		}
	}
}

func TestOverviewPage(t *testing.T) {
	w := newWorld(t, account.Global)
	w.must(w.tenant.Rename(w.app.ClientID, "Xops 360 - Fabrikam"))
	for lang, labels := range map[string][3]string{
		"en": {"Application (client) ID", "Object ID", "Directory (tenant) ID"},
		"de": {"Anwendungs-ID (Client)", "Objekt-ID", "Verzeichnis-ID (Mandant)"},
	} {
		page := w.tenant.OverviewPageIn(w.app.ClientID, lang)
		for i, id := range []string{w.app.ClientID, w.app.ObjectID, tenantID} {
			if !strings.Contains(page, labels[i]+"\n:\n"+id+"\n") {
				t.Errorf("%s: %s is not on the page:\n%s", lang, labels[i], page)
			}
		}
		if !strings.HasPrefix(page, "Xops 360 - Fabrikam\n") {
			t.Errorf("%s: title:\n%s", lang, page)
		}
	}
	if w.tenant.OverviewPage("nobody") != "" {
		t.Error("a page for an unknown app")
	}
}

// TestIDsFollowFromTheTenant: pictures of a tenant with a fixed id stay.
func TestIDsFollowFromTheTenant(t *testing.T) {
	one, two := newWorld(t, account.Global), newWorld(t, account.Global)
	if one.app != two.app {
		t.Errorf("%v and %v", one.app, two.app)
	}
	if one.app.ClientID == one.app.ObjectID || one.app.ObjectID == one.app.PrincipalID {
		t.Errorf("ids repeat: %v", one.app)
	}
}
