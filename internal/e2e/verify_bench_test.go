//go:build linux

package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/internal/simproxy"
	"github.com/axiomio/xops-onboard/registry"
)

// BenchmarkVerifyAll is how long the built binary verifies 1,000 accounts, 32 at
// a time, with every answer 50 ms late, as a multiple of the larger of two bounds
// that nothing could be faster than: the answers that an account has one after
// another, and the CPU that signing and TLS of as many calls take alone, over the
// cores. The keyring's service answers one question at a time, some milliseconds
// each; the file store opens a key by itself. What the machine is busy with
// besides is in the ratio; s/core is what both ends have used of each core.
func BenchmarkVerifyAll(b *testing.B) {
	for _, store := range []account.Store{account.FileStore, account.Keyring} {
		b.Run(string(store), func(b *testing.B) { verifyMany(b, store) })
	}
}

func verifyMany(b *testing.B, store account.Store) {
	const accounts, inFlight, late = 1000, 32, 50 * time.Millisecond
	m := newMany(b, store, accounts)
	for b.Loop() {
		var took, ratios, cores []float64
		var most int64
		for range 3 {
			chain := m.chain()
			m.slow(late)
			began, before := time.Now(), cpu()
			cmd := m.command("verify", "--all", "--json")
			out, err := cmd.Output()
			wall, serving := time.Since(began), cpu()-before
			if n := strings.Count(string(out), `"step":"account-result","state":"holds"`); err != nil || n != accounts {
				b.Fatalf("%d hold: %v", n, err)
			}
			calls := m.slow(0)
			makespan := time.Duration((accounts+inFlight-1)/inFlight*chain) * late
			alone := m.alone(calls, accounts) / time.Duration(runtime.NumCPU())
			took, ratios = append(took, wall.Seconds()), append(ratios, wall.Seconds()/max(makespan, alone).Seconds())
			used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			cores = append(cores, (used+serving).Seconds()/float64(runtime.NumCPU()))
			usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
			most = max(most, usage.Maxrss)
			b.Logf("%v: %d calls, %d one after another: answers' makespan %v; signing and TLS alone %v; CPU of the program %v, and of who answers %v",
				wall.Round(time.Millisecond), calls, chain, makespan, alone.Round(time.Millisecond), used, serving.Round(time.Millisecond))
		}
		for _, all := range [][]float64{took, ratios, cores} {
			slices.Sort(all)
		}
		b.ReportMetric(ratios[len(ratios)/2], "ratio")
		b.ReportMetric(took[len(took)/2], "s/verify")
		b.ReportMetric(cores[len(cores)/2], "s/core")
		b.ReportMetric(float64(most)/1024, "MiB")
	}
}

// many is a machine with many accounts, and a cloud that answers as the simulated
// one did once: it takes no time of its own.
type many struct {
	b     *testing.B
	env   []string
	proxy *simproxy.Proxy

	mu      sync.Mutex
	answers map[string]recorded // by what was asked, without the client
	client  string              // in the answers
	late    time.Duration
	calls   int
}

type recorded struct {
	status int
	header http.Header
	body   string
}

func newMany(b *testing.B, store account.Store, n int) *many {
	b.Helper()
	cloud := simcloud.New(nil)
	tenant := cloud.AddTenant(simcloud.TenantSpec{Name: "Contoso", Initial: "contoso.onmicrosoft.com", Domains: []string{"contoso.com"}, Licensed: true, Reviews: []string{"Guests quarterly"}})
	tenant.SetReplication(0)
	tenant.AddUser(simcloud.UserSpec{UPN: "ada@contoso.com", Name: "Ada", Roles: []string{simcloud.GlobalAdministrator}})
	m := &many{b: b, answers: map[string]recorded{}}
	first, err := simproxy.Start(cloud)
	m.must(err)
	ring := keyringtest.Unlocked(b)
	home := b.TempDir()
	phrase := filepath.Join(home, "phrase")
	m.must(os.WriteFile(phrase, []byte("correct horse battery staple\n"), 0o600))
	at := func(p *simproxy.Proxy) {
		m.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XOPS_HOME=" + home, "LANG=C.UTF-8"}
		for name, v := range ring.Map() {
			m.env = append(m.env, name+"="+v)
		}
		m.env = append(append(m.env, "XOPS_PASSPHRASE_FILE="+phrase), p.Env()...)
	}
	at(first)
	m.connect(tenant, store)
	m.must(first.Close())

	reg, err := registry.Open(home, filepath.Join(home, "state"), registry.Self(), registry.Alive)
	m.must(err)
	known, err := reg.Contents(b.Context())
	m.must(err)
	a, err := reg.Account(b.Context(), known.Accounts[0].ID)
	m.must(err)
	m.client = string(a.Microsoft().Client)
	for i := 1; i < n; i++ {
		l := a.Microsoft()
		l.Client = account.ClientID(uuid.NewString())
		d := account.Draft{ID: account.ID(uuid.NewString()), Name: account.Name(fmt.Sprintf("Account %d", i)), Provider: a.Provider, Cloud: a.Cloud, Keys: []account.Key{a.Key}, Link: l}
		m.must(reg.SaveDraft(b.Context(), d))
		m.must(reg.Finish(b.Context(), d.Account(time.Now())))
	}

	m.proxy, err = simproxy.Start(m)
	m.must(err)
	b.Cleanup(func() { m.must(m.proxy.Close()) })
	at(m.proxy)
	recording, err := simproxy.Start(m.recorder(cloud))
	m.must(err)
	cmd := m.command("verify", "Contoso")
	cmd.Env = append(cmd.Env, recording.Env()...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	m.must(recording.Close())
	return m
}

func (m *many) must(err error) {
	m.b.Helper()
	if err != nil {
		m.b.Fatal(err)
	}
}

func (m *many) command(args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Env = slices.Clone(m.env)
	return cmd
}

// connect links the first account.
func (m *many) connect(tenant *simcloud.Tenant, store account.Store) {
	m.b.Helper()
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

// asked is what was asked, without whose app it is.
func asked(r *http.Request, client string) string {
	return r.Method + " " + r.Host + strings.ReplaceAll(r.URL.RequestURI(), client, "{client}")
}

// recorder keeps what a handler answers.
func (m *many) recorder(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		m.mu.Lock()
		m.answers[asked(r, m.client)] = recorded{rec.Code, rec.Header(), rec.Body.String()}
		m.mu.Unlock()
		for name, v := range rec.Header() {
			w.Header()[name] = v
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
}

// ServeHTTP answers what was recorded, to whichever app asks.
func (m *many) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	_, _ = io.Copy(io.Discard, r.Body)
	client := m.client
	if _, more, ok := strings.Cut(r.URL.RequestURI(), "appId='"); ok && len(more) > 36 {
		client = more[:36]
	} else if _, more, ok := strings.Cut(r.URL.RequestURI(), "appId=%27"); ok && len(more) > 36 {
		client = more[:36]
	}
	m.mu.Lock()
	m.calls++
	a, ok := m.answers[asked(r, m.client)] // it may be an app of Microsoft's
	if !ok {
		a, ok = m.answers[asked(r, client)]
	}
	late := m.late
	m.mu.Unlock()
	if !ok {
		m.b.Errorf("never asked before: %s", asked(r, client))
		w.WriteHeader(http.StatusNotFound)
		return
	}
	for name, v := range a.header {
		w.Header()[name] = v
	}
	w.Header().Del("Content-Length")
	time.Sleep(late - time.Since(began))
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, strings.ReplaceAll(a.body, m.client, client))
}

// slow has answers that late from now on, and tells how many there were before.
func (m *many) slow(late time.Duration) (calls int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	calls, m.calls, m.late = m.calls, 0, late
	return calls
}

// chain is how many answers an account has one after another: so much later is
// its verification when each is a second late, which leaves the machine time to be
// busy with something else.
func (m *many) chain() int {
	m.b.Helper()
	const late = time.Second
	took := func() time.Duration {
		began := time.Now()
		m.must(m.command("verify", "Contoso").Run())
		return time.Since(began)
	}
	soon := took()
	m.slow(late)
	n := (took() - soon + late/2) / late
	m.slow(0)
	return int(n)
}

// alone is the CPU that so many calls over TLS and so many signatures take, with
// nothing else around them, both ends of the calls counted as they are above.
func (m *many) alone(calls, signatures int) time.Duration {
	m.b.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	m.must(err)
	roots := x509.NewCertPool()
	pem, err := os.ReadFile(m.proxy.CAFile())
	m.must(err)
	roots.AppendCertsFromPEM(pem)
	proxy, err := url.Parse(m.proxy.URL())
	m.must(err)
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: 256, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	var ask *http.Request
	for q := range m.answers {
		if strings.Contains(q, "/organization") {
			_, address, _ := strings.Cut(q, " ")
			ask, err = http.NewRequestWithContext(context.Background(), http.MethodGet, "https://"+address, nil)
			m.must(err)
		}
	}
	began := cpu()
	var group sync.WaitGroup
	for w := range 32 {
		group.Go(func() {
			for i := w; i < max(calls, signatures); i += 32 {
				if i < signatures {
					digest := sha256.Sum256(fmt.Append(nil, i))
					if _, err := key.Sign(rand.Reader, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}); err != nil {
						m.b.Error(err)
					}
				}
				if i >= calls {
					continue
				}
				resp, err := client.Do(ask.Clone(context.Background()))
				if err != nil {
					m.b.Error(err)
					return
				}
				_, _ = bytes.NewBuffer(nil).ReadFrom(resp.Body)
				_ = resp.Body.Close()
			}
		})
	}
	group.Wait()
	return cpu() - began
}

// cpu is the CPU time of this process so far.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
