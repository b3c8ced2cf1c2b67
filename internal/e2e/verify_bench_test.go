//go:build linux

package e2e_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
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
	m := newMany(b, store, b.TempDir())
	// What one asks for all, as where a cloud's sign-in is, only the first have to wait for.
	first := m.chain(1)
	each := m.chain(inFlight+1) - first
	makespan := time.Duration(first+((accounts+inFlight-1)/inFlight-1)*each) * late
	m.fill(accounts, 1)
	for b.Loop() {
		var took, ratios, cores []float64
		most := 0
		for range 3 {
			m.slow(late)
			began, before := time.Now(), cpu()
			cmd := m.command("verify", "--all", "--json")
			out, memory, err := weighed(cmd)
			wall, serving := time.Since(began), cpu()-before
			if n := strings.Count(out, `"step":"account-result","state":"holds"`); err != nil || n != accounts {
				b.Fatalf("%d hold: %v", n, err)
			}
			calls := m.slow(0)
			alone := m.alone(calls, accounts) / time.Duration(runtime.NumCPU())
			took, ratios = append(took, wall.Seconds()), append(ratios, wall.Seconds()/max(makespan, alone).Seconds())
			used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			cores = append(cores, (used+serving).Seconds()/float64(runtime.NumCPU()))
			most = max(most, memory)
			b.Logf("%v: %d calls, %d one after another for the first and %d for each: answers' makespan %v; signing and TLS alone %v; CPU of the program %v, and of who answers %v",
				wall.Round(time.Millisecond), calls, first, each, makespan, alone.Round(time.Millisecond), used, serving.Round(time.Millisecond))
		}
		for _, all := range [][]float64{took, ratios, cores} {
			slices.Sort(all)
		}
		b.ReportMetric(ratios[len(ratios)/2], "ratio")
		b.ReportMetric(took[len(took)/2], "s/verify")
		b.ReportMetric(cores[len(cores)/2], "s/core")
		b.ReportMetric(float64(most)/(1<<20), "MiB")
	}
}

// chain is how many answers so many accounts have one after another: so much later is
// their verification when each is a second late, which leaves the machine time to be
// busy with something else.
func (m *many) chain(accounts int) int {
	m.t.Helper()
	m.fill(accounts, 1)
	const late = time.Second
	took := func() time.Duration {
		began := time.Now()
		m.must(m.command("verify", "--all").Run())
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
	m.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	m.must(err)
	roots := x509.NewCertPool()
	pem, err := os.ReadFile(m.proxy.CAFile())
	m.must(err)
	roots.AppendCertsFromPEM(pem)
	proxy, err := url.Parse(m.proxy.URL())
	m.must(err)
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: 1024, ForceAttemptHTTP2: true}}
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
						m.t.Error(err)
					}
				}
				if i >= calls {
					continue
				}
				resp, err := client.Do(ask.Clone(context.Background()))
				if err != nil {
					m.t.Error(err)
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
