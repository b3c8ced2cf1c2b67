//go:build linux

package e2e_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/cli"
	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/internal/simproxy"
	"github.com/axiomio/xops-onboard/keystore"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/registry"
)

// many is a machine with many accounts, and a cloud that answers as the simulated
// one did once: it takes no time of its own.
type many struct {
	t       testing.TB
	home    string
	program []string // with its first arguments
	env     []string
	proxy   *simproxy.Proxy
	model   account.Account // which the others are copies of
	file    []byte          // its own
	tenants int

	mu      sync.Mutex
	answers map[string]recorded // by what was asked, without who asked
	late    time.Duration
	calls   int

	refuses func(n int) (times int, wait time.Duration) // each call of the n-th account; nil for none
	refused map[string]int                              // how often it was, by who asked for what
	until   map[string]time.Time                        // for how long it asked to be left alone
	early   []string                                    // what was asked before
	changes map[string]int                              // of keys, by whose and which
}

type recorded struct {
	status int
	header http.Header
	body   string
}

// prepared is no store of the product's: a program that takes its keys from a file,
// as making 10,000 takes half an hour.
const prepared account.Store = "prepared"

// newMany is such a machine in that directory, whose accounts have their keys in
// that store. There are none yet.
func newMany(t testing.TB, store account.Store, home string) *many {
	t.Helper()
	cloud := simcloud.New(nil)
	tenant := cloud.AddTenant(simcloud.TenantSpec{Name: "Contoso", Initial: "contoso.onmicrosoft.com", Domains: []string{"contoso.com"}, Licensed: true, Reviews: []string{"Guests quarterly"}})
	tenant.SetReplication(0)
	tenant.AddUser(simcloud.UserSpec{UPN: "ada@contoso.com", Name: "Ada", Roles: []string{simcloud.GlobalAdministrator}})
	m := &many{t: t, home: home, program: []string{binary}, answers: map[string]recorded{}}
	session := map[string]string{}
	if store == prepared {
		m.program = []string{os.Args[0], preparedName}
	} else {
		session = keyringtest.Unlocked(t).Map()
	}
	phrase := filepath.Join(m.home, "phrase")
	m.must(os.WriteFile(phrase, []byte("correct horse battery staple\n"), 0o600))
	at := func(h http.Handler) *simproxy.Proxy {
		p, err := simproxy.Start(h)
		m.must(err)
		m.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + m.home, "XOPS_HOME=" + m.home, "LANG=C.UTF-8"}
		for name, v := range session {
			m.env = append(m.env, name+"="+v)
		}
		m.env = append(append(m.env, "XOPS_PASSPHRASE_FILE="+phrase), p.Env()...) // a session has none
		return p
	}
	recording := at(m.recorder(cloud))
	if store == prepared {
		m.place(tenant)
	} else {
		m.connect(tenant, store)
	}
	m.remember()
	m.says("verify", "Contoso")
	if store == prepared {
		m.says("rotate", "Contoso")
	}
	m.must(recording.Close())
	m.proxy = at(m)
	t.Cleanup(func() { m.must(m.proxy.Close()) })
	return m
}

func (m *many) registry() *registry.Registry {
	m.t.Helper()
	reg, err := registry.Open(m.home, filepath.Join(m.home, "state"), registry.Self(), registry.Alive)
	m.must(err)
	return reg
}

// connect links the first account.
func (m *many) connect(tenant *simcloud.Tenant, store account.Store) {
	m.t.Helper()
	cmd := m.command(byItself("--yes", "--key-store", string(store))...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	m.must(err)
	m.must(cmd.Start())
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var e event
		m.must(json.Unmarshal(lines.Bytes(), &e))
		if e.Prompt.UserCode != "" {
			m.must(tenant.EnterCode("ada@contoso.com", e.Prompt.UserCode))
		}
	}
	m.must(cmd.Wait())
}

// place puts the first account there, and its key where the program looks for it.
func (m *many) place(tenant *simcloud.Tenant) {
	m.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	m.must(err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	m.must(err)
	m.must(os.WriteFile(filepath.Join(m.home, preparedName), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	k := account.Key{ID: account.KeyID(uuid.NewString()), Store: account.Keyring, Bits: 2048, Stored: true}
	certifier, _ := keystore.Memory()
	k.Certificate, err = certifier.Certify(key, "Xops 360", time.Now(), 180*24*time.Hour)
	m.must(err)
	app := tenant.Register("Xops 360 - Contoso")
	m.must(tenant.Upload(app.ClientID, []byte(k.Certificate.PEM)))
	m.must(tenant.AssignGlobalReader(app.ClientID))
	m.must(tenant.AddPermission(app.ClientID, simcloud.Application, "AccessReview.Read.All"))
	m.must(tenant.GrantConsent(app.ClientID))
	l := account.MicrosoftLink{Tenant: account.TenantID(tenant.ID()), Client: account.ClientID(app.ClientID), Application: account.ObjectID(app.ObjectID), TenantName: "Contoso"}
	d := account.Draft{ID: account.ID(uuid.NewString()), Name: "Contoso", Provider: account.Microsoft, Cloud: account.Global, Keys: []account.Key{k}, Link: l, Updated: time.Now()}
	reg := m.registry()
	m.must(reg.SaveDraft(m.t.Context(), d))
	m.must(reg.Finish(m.t.Context(), d.Account(time.Now())))
}

// remember takes the one account there is for the model, and begins to record anew.
func (m *many) remember() {
	m.t.Helper()
	known, err := m.registry().Contents(m.t.Context())
	m.must(err)
	model, err := m.registry().Account(m.t.Context(), known.Accounts[0].ID)
	m.must(err)
	m.mu.Lock() // the recorder goes by it
	m.model = model
	clear(m.answers) // what the linking asked
	m.mu.Unlock()
	m.file, err = os.ReadFile(filepath.Join(m.home, "accounts", string(m.model.ID)+".json"))
	m.must(err)
}

// fill has that many accounts there, of so many tenants, and no other: the first
// is Contoso, and none was verified or rotated. They are written by hand, as the
// registry forces each to the disk.
func (m *many) fill(n, tenants int) {
	m.t.Helper()
	m.mu.Lock() // also for what a test has set before: who answers goes by it
	m.tenants, m.calls, m.early = tenants, 0, nil
	m.refused, m.until, m.changes = map[string]int{}, map[string]time.Time{}, map[string]int{}
	m.mu.Unlock()
	accounts := filepath.Join(m.home, "accounts")
	for _, old := range []string{accounts, filepath.Join(m.home, "state"), filepath.Join(m.home, "index")} {
		m.must(os.RemoveAll(old))
	}
	m.must(os.Mkdir(accounts, 0o700))
	for i := range n {
		name := "Contoso"
		if i > 0 {
			name = fmt.Sprintf("Account %05d", i)
		}
		text := strings.NewReplacer(string(m.model.ID), string(numbered(i)), `"Contoso"`, `"`+name+`"`,
			string(m.model.Microsoft().Client), clientOf(i), string(m.model.Microsoft().Tenant), m.tenantOf(i)).Replace(string(m.file))
		m.must(os.WriteFile(filepath.Join(accounts, string(numbered(i))+".json"), []byte(text), 0o600))
	}
	if c, err := m.registry().Contents(m.t.Context()); err != nil || len(c.Accounts) != n {
		m.t.Fatalf("the registry lists %d accounts, %v, want %d", len(c.Accounts), err, n)
	}
}

// The n-th account's client and tenant.
func clientOf(n int) string { return fmt.Sprintf("%08x-3333-4333-8333-333333333333", n) }

func (m *many) tenantOf(n int) string {
	return fmt.Sprintf("%08x-2222-4222-8222-222222222222", n%m.tenants)
}

var clients = regexp.MustCompile(`([0-9a-f]{8})-3333-4333-8333-333333333333`)

func (m *many) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *many) command(args ...string) *exec.Cmd {
	cmd := exec.Command(m.program[0], slices.Concat(m.program[1:], args)...)
	cmd.Env = slices.Clone(m.env)
	return cmd
}

// says runs a command that ends well.
func (m *many) says(args ...string) {
	m.t.Helper()
	if out, err := m.command(args...).CombinedOutput(); err != nil {
		m.t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// asked is what was asked, without who asked.
func asked(r *http.Request, client, tenant string) string {
	return r.Method + " " + r.Host + strings.NewReplacer(client, "{client}", tenant, "{tenant}").Replace(r.URL.RequestURI())
}

// recorder keeps what a handler answers, of the same call the first.
func (m *many) recorder(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		m.mu.Lock()
		call := asked(r, cmp.Or(string(m.model.Microsoft().Client), "?"), cmp.Or(string(m.model.Microsoft().Tenant), "?"))
		if _, again := m.answers[call]; !again {
			m.answers[call] = recorded{rec.Code, rec.Header(), rec.Body.String()}
		}
		m.mu.Unlock()
		for name, v := range rec.Header() {
			w.Header()[name] = v
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
}

// token is where an answer has one: whoever got it asks with it.
var token = regexp.MustCompile(`"access_token":"[^"]*"`)

// ServeHTTP answers what was recorded, to whichever app asks.
func (m *many) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	body, _ := io.ReadAll(r.Body)
	n := 0 // of the tenant alone, where it is asked for metadata
	tenant := regexp.MustCompile(`[0-9a-f]{8}-2222-4222-8222-222222222222`).FindString(r.URL.Path)
	who := clients.FindStringSubmatch(r.Header.Get("Authorization") + string(body))
	if who != nil {
		number, err := strconv.ParseInt(who[1], 16, 32)
		n, tenant = int(number), m.tenantOf(int(number))
		m.check(err)
	}
	tenant = cmp.Or(tenant, m.tenantOf(n)) // a call of nobody is one of the first
	call := asked(r, clientOf(n), tenant)
	a, ok := m.answer(call, n, who != nil)
	if !ok {
		m.t.Errorf("never asked before: %s", call)
		w.WriteHeader(http.StatusNotFound)
		return
	}
	for name, v := range a.header {
		w.Header()[name] = v
	}
	w.Header().Del("Content-Length")
	m.mu.Lock()
	late := m.late
	m.mu.Unlock()
	time.Sleep(late - time.Since(began))
	w.WriteHeader(a.status)
	text := strings.NewReplacer(string(m.model.Microsoft().Client), clientOf(n), string(m.model.Microsoft().Tenant), tenant).Replace(a.body)
	_, _ = io.WriteString(w, token.ReplaceAllLiteralString(text, `"access_token":"`+clientOf(n)+`"`))
}

func (m *many) check(err error) {
	if err != nil {
		m.t.Error(err)
	}
}

// answer is what the n-th account gets, which may be that it has to wait.
func (m *many) answer(call string, n int, throttles bool) (a recorded, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	if a, ok = m.answers[call]; !ok {
		return a, false
	}
	who := strconv.Itoa(n) + " " + call
	if throttles && m.refuses != nil {
		if time.Now().Before(m.until[who]) {
			m.early = append(m.early, who)
		}
		if times, wait := m.refuses(n); m.refused[who] < times {
			m.refused[who]++
			m.until[who] = time.Now().Add(wait)
			header := http.Header{"Content-Type": {"application/json"}, "Retry-After": {fmt.Sprint(wait.Seconds())}}
			return recorded{http.StatusTooManyRequests, header, `{"error":{"code":"TooManyRequests","message":"Too many requests"}}`}, true
		}
	}
	for _, change := range []string{"addKey", "removeKey"} {
		if strings.HasSuffix(call, "/"+change) {
			m.changes[strconv.Itoa(n)+" "+change]++
		}
	}
	return a, true
}

// slow has answers that late from now on, and tells how many there were before.
func (m *many) slow(late time.Duration) (calls int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	calls, m.calls, m.late = m.calls, 0, late
	return calls
}

// preparedName has the tests' own program be the product, with keys made before.
const preparedName = "prepared-keys"

// onPreparedKeys is the product's command line, with its own ports but for the keys.
func onPreparedKeys(args []string) (code int) {
	os.Args = append([]string{"xops-onboard"}, args...)
	return cli.Execute(context.Background(), cli.Ports{Out: os.Stdout, Open: func(ctx context.Context, _ cli.Start) (cli.World, error) {
		return wired(ctx, func(home string, p *link.Ports) error {
			keys, err := readPrepared(filepath.Join(home, preparedName))
			p.Keys = keys
			return err
		})
	}}, os.Stderr)
}

// preparedKeys are a store that has one key under every name.
type preparedKeys struct {
	link.Keys // what certifies
	key       crypto.Signer
}

func readPrepared(path string) (k preparedKeys, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return k, err
	}
	block, _ := pem.Decode(bytes.TrimSpace(text))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return k, err
	}
	k.key, _ = key.(crypto.Signer)
	k.Keys, _ = keystore.Memory()
	return k, nil
}

func (k preparedKeys) Probe(_ context.Context, s account.Store) account.StoreStatus {
	return account.StoreStatus{Store: s, State: account.StoreReady}
}

func (k preparedKeys) Make(context.Context, account.Store, account.KeyID, int) error { return nil }

func (k preparedKeys) Open(context.Context, account.Store, account.KeyID) (crypto.Signer, error) {
	return k.key, nil
}

func (k preparedKeys) Delete(context.Context, account.Store, account.KeyID) error { return nil }
