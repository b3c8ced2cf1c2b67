package simcloud_test

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"github.com/axiomio/xops-onboard/account"
)

// msal is Microsoft's own library as the app. It signs by the machine's clock.
func (w *world) msal(asks bool) confidential.Client {
	w.t.Helper()
	cert, err := x509.ParseCertificate(w.pair.der)
	w.must(err)
	cred, err := confidential.NewCredFromCert([]*x509.Certificate{cert}, w.pair.key)
	w.must(err)
	client, err := confidential.New("https://"+w.hosts().Login+"/"+w.tenant.ID(), w.app.ClientID, cred,
		confidential.WithHTTPClient(w.cloud.Client()), confidential.WithInstanceDiscovery(asks), confidential.WithAzureRegion("DisableMsalForceRegion"))
	w.must(err)
	return client
}

// TestMSALIsServed: Microsoft's own library gets a token in every cloud, with
// and without asking for the instance first, and Graph takes it.
func TestMSALIsServed(t *testing.T) {
	for _, in := range account.Clouds {
		for _, asks := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s,%t", in, asks), func(t *testing.T) {
				w := newWorldAt(t, in, time.Now()).equip()
				got, err := w.msal(asks).AcquireTokenByCredential(t.Context(), []string{"https://" + w.hosts().Graph + "/.default"})
				w.must(err)
				a := w.get(got.AccessToken, "/organization?$select=id")
				if a.status != 200 || a.value()[0]["id"] != w.tenant.ID() {
					t.Errorf("organization: %d %s", a.status, a.text)
				}
				var paths []string
				for _, r := range w.cloud.Requests() {
					paths = append(paths, r.Path)
				}
				if asked := slices.Contains(paths, "/common/discovery/instance"); asked != asks {
					t.Errorf("instance discovery asked: %t, want %t", asked, asks)
				}
			})
		}
	}
}

// TestMSALIsRefused: the library hands the service's words on.
func TestMSALIsRefused(t *testing.T) {
	w := newWorldAt(t, account.Global, time.Now())
	w.must(w.tenant.RemoveCertificate(w.app.ClientID, w.pair.sha1()))
	_, err := w.msal(false).AcquireTokenByCredential(t.Context(), []string{"https://graph.microsoft.com/.default"})
	if err == nil || !strings.Contains(err.Error(), "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application.") {
		t.Errorf("token for a key that was never uploaded: %v", err)
	}
}
