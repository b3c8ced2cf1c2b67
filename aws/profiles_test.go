package aws

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

const configuration = `
# made by hand
[default]
region = eu-central-1

[profile admin]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = AdministratorAccess
region = eu-west-1

[profile old-sso]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 111122223333
sso_role_name = AdministratorAccess

[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://corp.awsapps.com/start

[profile build]
role_arn = arn:aws:iam::111122223333:role/Build
source_profile = keys

[profile login]
login_session = arn:aws:iam::111122223333:user/kim

[profile tool]
credential_process = printf '{"Version":1,"AccessKeyId":"AKIA1","SecretAccessKey":"s"}'

[profile region-only]
region = eu-west-1
s3 =
  role_arn = arn:aws:iam::111122223333:role/NotMine

[not-a-profile]
aws_access_key_id = AKIA9
`

const credentialsFile = `
[default]
aws_access_key_id = AKIA0
aws_secret_access_key = default-secret

[keys]
aws_access_key_id = AKIA2
aws_secret_access_key = keys-secret
`

// homeWith is a home directory with the two files.
func homeWith(t testing.TB, configuration, credentials string) map[string]string {
	t.Helper()
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"config": configuration, "credentials": credentials} {
		if err := os.WriteFile(filepath.Join(home, ".aws", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return map[string]string{"HOME": home}
}

func TestProfilesAreNamedWithoutACall(t *testing.T) {
	env := homeWith(t, configuration, credentialsFile)
	d := &desk{}
	all, err := at(t, d, fixedClock, env).Profiles(ctxOf(t))
	want := []account.AWSNamed{
		{Name: "admin", Kind: "SSO", Region: "eu-west-1"},
		{Name: "build", Kind: "role"},
		{Name: "default", Kind: "access key", Region: "eu-central-1"},
		{Name: "keys", Kind: "access key"},
		{Name: "login", Kind: "login"},
		{Name: "old-sso", Kind: "SSO"},
		{Name: "tool", Kind: "process"},
	}
	if err != nil || !slices.Equal(all, want) {
		t.Errorf("got %+v, %v", all, err)
	}
	env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_REGION"] = "AKIA5", "x", "us-west-2"
	all, err = at(t, d, fixedClock, env).Profiles(ctxOf(t))
	if err != nil || !slices.Equal(all, append([]account.AWSNamed{{Name: "environment", Kind: "environment", Region: "us-west-2"}}, want...)) {
		t.Errorf("with an environment: %+v, %v", all, err)
	}
	if len(d.asked) != 0 {
		t.Errorf("asked %v", d.asked)
	}
	none, err := at(t, d, fixedClock, map[string]string{"HOME": t.TempDir()}).Profiles(ctxOf(t))
	if err != nil || len(none) != 0 {
		t.Errorf("without files: %+v, %v", none, err)
	}
}

// TestElsewhereIsRefusedBeforeAnyByte: a listener stands where the environment
// or the profile would send calls, and not one byte comes, whether it is refused
// or ignored.
func TestElsewhereIsRefusedBeforeAnyByte(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	came := make(chan string, 100)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				close(came)
				return
			}
			came <- c.RemoteAddr().String()
			c.Close()
		}
	}()
	there := "http://" + listener.Addr().String()

	type world struct {
		env, file string // the variable, or what stands in the configuration file
		subject   string
	}
	var worlds []world
	for _, name := range endpointVariables {
		worlds = append(worlds, world{env: name, subject: name})
	}
	keys := "[profile x]\naws_access_key_id = AKIA1\naws_secret_access_key = s\n"
	worlds = append(
		worlds,
		world{file: keys + "endpoint_url = " + there + "\n", subject: "endpoint_url of profile x"},
		world{file: keys + "services = local\n[services local]\nsts =\n  endpoint_url = " + there + "\n", subject: "endpoint_url of services local, of profile x"},
		world{file: "[profile x]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = y\n[profile y]\naws_access_key_id = AKIA1\naws_secret_access_key = s\nendpoint_url = " + there + "\n", subject: "endpoint_url of profile y"},
		world{file: keys + "ec2_metadata_service_endpoint = " + there + "\n", subject: "ec2_metadata_service_endpoint of profile x"},
	)
	for _, w := range worlds {
		if w.file == "" {
			w.file = keys
		}
		env := homeWith(t, w.file, "")
		if w.env != "" {
			env[w.env] = there
		}
		// The process's own environment says the same, in case anything reads it.
		for name, value := range env {
			t.Setenv(name, value)
		}
		d := &desk{}
		a := at(t, d, fixedClock, env)
		_, err := a.SignIn(ctxOf(t), "x", "eu-west-1")
		wantProblem(t, err, account.AWSEndpoint, w.subject)
		_, _, err = a.Session(ctxOf(t), account.AWSTarget{Link: account.AWSLink{Method: account.ByProfile, Named: "x"}}, nil)
		wantProblem(t, err, account.AWSEndpoint, w.subject)
		if len(d.asked) != 0 {
			t.Errorf("%s: asked %v before it was refused", w.subject, d.asked)
		}

		env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
		d.refuses("GetCallerIdentity", -1, 403, "InvalidClientTokenId", "no")
		d.refuses("AssumeRole", -1, 403, "InvalidClientTokenId", "no")
		_, err = a.SignIn(ctxOf(t), "x", "eu-west-1")
		wantProblem(t, err, account.AWSKeyUnknown, "")
		if got := d.hosts(); !slices.Equal(got, []string{"sts.eu-west-1.amazonaws.com"}) {
			t.Errorf("%s: ignored, and asked %v", w.subject, got)
		}
		if w.env != "" {
			t.Setenv(w.env, "")
		}
	}

	// And over the real transport: without a proxy that answers nothing can be
	// reached, and the listener hears nothing either.
	env := homeWith(t, keys+"endpoint_url = "+there+"\n", "")
	env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
	t.Setenv("AWS_ENDPOINT_URL", there)
	proxy, asked := refusingProxy()
	t.Setenv("HTTPS_PROXY", proxy)
	c, err := rest.New(rest.Options{Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseIdleConnections()
	_, err = New(c, time.Now, func(name string) string { return env[name] }).SignIn(ctxOf(t), "x", "eu-west-1")
	if k := kindOfError(err); k != account.ProxyRefused {
		t.Errorf("over the network: %v", err)
	}
	asked.Range(func(what, _ any) bool {
		if what != "CONNECT sts.eu-west-1.amazonaws.com:443" {
			t.Errorf("the proxy was asked for %s", what)
		}
		return true
	})
	listener.Close()
	for who := range came {
		t.Errorf("somebody came: %s", who)
	}
}

// refusingProxy is a proxy that lets nobody through. It lives as long as the
// process, which reads its proxy's address once.
var refusingProxy = sync.OnceValues(func() (address string, asked *sync.Map) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	asked = &sync.Map{}
	go func() {
		_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Store(r.Method+" "+r.Host, true)
			http.Error(w, "no", http.StatusForbidden)
		}))
	}()
	return "http://" + l.Addr().String(), asked
})
