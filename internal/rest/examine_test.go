package rest

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// found is the finding of that name, and where there are several of that subject.
func found(t *testing.T, all []account.Finding, n account.CheckName, subject string) account.Finding {
	t.Helper()
	for _, f := range all {
		if f.Name == n && (subject == "" || f.Subject == subject) {
			return f
		}
	}
	t.Fatalf("nothing was found of %s %s: %+v", n, subject, all)
	return account.Finding{}
}

// TestExamineNamesTheInspection asks a host whose certificate an authority signed
// that is nobody's known one, through a page of a network, and where nobody is.
func TestExamineNamesTheInspection(t *testing.T) {
	noTrustVariables(t)
	s, file := secure(t)
	t.Setenv("AWS_CA_BUNDLE", file) // the standard library keeps the other variable's from its first read on
	page := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(page.Close)
	c, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	good, blocked := strings.TrimPrefix(s.URL, "https://"), strings.TrimPrefix(page.URL, "https://")
	all := c.Examine(t.Context(), []account.Host{{Name: good, Ask: "/", Needed: true}, {Name: blocked, Ask: "/", Needed: true}, {Name: "127.0.0.1:1", Ask: "/"}})
	if f := found(t, all, account.HostReached, good); f.State != account.Holds || !strings.HasSuffix(strings.Join(f.Detail, " "), "signed by O=Acme Co") {
		t.Errorf("a host behind another authority is %+v", f)
	}
	if f := found(t, all, account.TLSSeen, ""); f.State != account.Unknown || f.Problem.Kind != account.Inspected || f.Problem.Subject != "O=Acme Co" || f.Detail[0] != "1 host" {
		t.Errorf("the inspection is %+v", f)
	}
	if f := found(t, all, account.HostReached, blocked); f.State != account.Missing || f.Problem.Kind != account.NotTheService {
		t.Errorf("a page of the network is %+v", f)
	}
	if f := found(t, all, account.HostReached, "127.0.0.1:1"); f.State != account.Unknown || f.Problem.Kind != account.Offline {
		t.Errorf("a host that nobody needs is %+v", f)
	}
	if f := found(t, all, account.ClockRight, ""); f.State != account.Holds {
		t.Errorf("the clock is %+v", f)
	}
	if f := found(t, c.Examine(t.Context(), nil), account.ClockRight, ""); f.State != account.Unknown {
		t.Errorf("without a host the clock is %+v", f)
	}
}

func TestExamineTellsAClockThatIsOff(t *testing.T) {
	noTrustVariables(t)
	s, file := secure(t)
	t.Setenv("AWS_CA_BUNDLE", file) // the standard library keeps the other variable's from its first read on
	c, err := New(Options{Now: func() time.Time { return time.Now().Add(5 * time.Minute) }})
	if err != nil {
		t.Fatal(err)
	}
	f := found(t, c.Examine(t.Context(), []account.Host{{Name: strings.TrimPrefix(s.URL, "https://"), Ask: "/", Needed: true}}), account.ClockRight, "")
	if f.State != account.Missing || f.Problem.Skew < 4*time.Minute {
		t.Errorf("the clock is %+v", f)
	}
}

func TestSettings(t *testing.T) {
	_, file := secure(t)
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"HTTPS_PROXY": "http://ada:secret@proxy.contoso.com:8080", "NO_PROXY": "localhost",
		"SSL_CERT_FILE": file, "AWS_CA_BUNDLE": empty, "SSLKEYLOGFILE": "/tmp/keys",
	}
	all := Settings(func(n string) string { return env[n] }, time.Now())
	if f := found(t, all, account.ProxyInUse, "HTTPS_PROXY"); strings.Join(f.Detail, "; ") != "http://proxy.contoso.com:8080; with a user's name and password; not for localhost" {
		t.Errorf("the proxy is %q", f.Detail)
	}
	if f := found(t, all, account.TrustedFiles, "SSL_CERT_FILE"); f.State != account.Holds {
		t.Errorf("the file is %+v", f)
	}
	if f := found(t, all, account.TrustedFiles, "AWS_CA_BUNDLE"); f.State != account.Missing || f.Problem.Kind != account.TrustFile || f.Problem.Subject != empty {
		t.Errorf("a file without a certificate is %+v", f)
	}
	found(t, all, account.VariableSet, "SSLKEYLOGFILE")
	for _, f := range all {
		if strings.Contains(strings.Join(f.Detail, " "), "secret") {
			t.Errorf("a password is in %q", f.Detail)
		}
	}
	env = map[string]string{"https_proxy": "proxy.contoso.com:8080"} // as net/http takes it
	if f := found(t, Settings(func(n string) string { return env[n] }, time.Now()), account.ProxyInUse, "https_proxy"); f.Detail[0] != "http://proxy.contoso.com:8080" {
		t.Errorf("without a scheme it is %q", f.Detail)
	}
	env = map[string]string{"HTTPS_PROXY": "http://%zz"}
	if f := found(t, Settings(func(n string) string { return env[n] }, time.Now()), account.ProxyInUse, "HTTPS_PROXY"); f.State != account.Missing || f.Problem.Kind != account.ProxyUnread {
		t.Errorf("nonsense is %+v", f)
	}
	if f := found(t, Settings(func(string) string { return "" }, time.Now()), account.ProxyInUse, ""); f.State != account.Holds || len(f.Detail) != 1 {
		t.Errorf("no proxy is %+v", f)
	}
}
