package simcloud

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
)

// Cloud is all four national clouds, and AWS. Its methods may be called from any
// goroutine.
type Cloud struct {
	now    func() time.Time
	tokens cipher.AEAD // seals what a token allows; the key lives and dies with the Cloud
	secret []byte      // people's passwords follow from it
	aws    *simaws.Cloud

	mu       sync.Mutex // guards what follows, and every Tenant
	offset   time.Duration
	latency  time.Duration
	tenants  []*Tenant
	faults   []*activeFault
	requests []*Request
	codes    map[string]*authCode
	devices  map[string]*device
	kept     map[Secret]bool // nil where nobody wants them
}

// New is a cloud without tenants. now is the time that certificates, tokens
// and replication go by; nil is time.Now.
func New(now func() time.Time) *Cloud {
	if now == nil {
		now = time.Now
	}
	key := make([]byte, 32)
	rand.Read(key) // never fails
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	c := &Cloud{now: now, tokens: aead, secret: secret, codes: map[string]*authCode{}, devices: map[string]*device{}}
	c.aws = simaws.New(c.serverTime)
	return c
}

// AWS is the part of the cloud that is Amazon's. It goes by the services' clock,
// see [Cloud.SetClock]; what is set here of latency and faults holds for it too,
// and the record has its requests.
func (c *Cloud) AWS() *simaws.Cloud { return c.aws }

// SetClock makes the services' clock differ from the one given to New: tokens
// and assertions are judged by it and the Date header tells it. Positive is
// ahead. Replication keeps going by the clock given to New.
func (c *Cloud) SetClock(offset time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = offset
}

// SetLatency makes every answer that much later, in real time.
func (c *Cloud) SetLatency(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latency = d
}

// serverTime is what the services' clock shows.
func (c *Cloud) serverTime() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now().Add(c.offset).UTC()
}

// kind is which service answers at a host.
type kind int

const (
	login  kind = iota + 1 // sign-in
	graph                  // Microsoft Graph
	arm                    // Azure Resource Manager
	amazon                 // any service of AWS
)

// site is what is behind a host name.
type site struct {
	kind   kind
	clouds []account.CloudID // more than one where clouds share a host
}

// loginAliases are the other names of the sign-in services.
// Source: the metadata of login.microsoftonline.com/common/discovery/instance.
func loginAliases(host string) []string {
	switch host {
	case "login.microsoftonline.com":
		return []string{"login.windows.net", "login.microsoft.com", "sts.windows.net"}
	case "login.partner.microsoftonline.cn":
		return []string{"login.chinacloudapi.cn"}
	case "login.microsoftonline.us":
		return []string{"login.usgovcloudapi.net"}
	}
	return nil
}

var sites = sync.OnceValue(allSites)

func allSites() map[string]site {
	m := map[string]site{}
	for _, id := range account.Clouds {
		cloud := id.Cloud()
		for _, host := range append([]string{cloud.Login}, loginAliases(cloud.Login)...) {
			s := m[host]
			s.kind, s.clouds = login, append(s.clouds, id)
			m[host] = s
		}
		m[cloud.Graph] = site{graph, []account.CloudID{id}}
		m[cloud.ARM] = site{arm, append(m[cloud.ARM].clouds, id)}
	}
	return m
}

// siteOf is what is behind a host name, if anything is.
func siteOf(host string) (site, bool) {
	if s, ok := sites()[host]; ok {
		return s, true
	}
	if simaws.Serves(host) {
		return site{kind: amazon}, true
	}
	return site{}, false
}

// Hosts are the host names that are answered for, in order.
func Hosts() []string {
	names := simaws.Hosts()
	for host := range sites() {
		names = append(names, host)
	}
	slices.Sort(names)
	return names
}

// hostOf is the host name of a request, without port and in lower case.
func hostOf(r *http.Request) string {
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// maxBody bounds what is read of a request.
const maxBody = 1 << 20

// ServeHTTP answers for every host of [Hosts], and 502 for any other, as a
// proxy does that cannot find the host.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := &watched{ResponseWriter: w}
	if r.Body != nil {
		r.Body = http.MaxBytesReader(out, r.Body, maxBody)
	}
	if s, _ := siteOf(hostOf(r)); s.kind == amazon {
		r = withAction(r)
	}
	c.overhear(r)
	entry := c.record(r)
	defer func() { c.finish(entry, out.status) }()
	out.Header().Set("Date", c.serverTime().Format(http.TimeFormat))

	fault := c.fault(r)
	c.mu.Lock()
	wait := c.latency + fault.Latency
	c.mu.Unlock()
	if !sleep(r.Context(), wait) {
		panic(http.ErrAbortHandler)
	}
	c.play(fault, out, r)
}

// route hands the request to the service behind its host.
func (c *Cloud) route(w http.ResponseWriter, r *http.Request) {
	switch s, _ := siteOf(hostOf(r)); s.kind {
	case login:
		c.serveLogin(w, r, s)
	case graph:
		c.serveGraph(w, r, s.clouds[0])
	case arm:
		c.serveARM(w, r, s)
	case amazon:
		c.aws.ServeHTTP(w, r)
	default:
		http.Error(w, "no such host: "+hostOf(r), http.StatusBadGateway)
	}
}

// sleep waits, and tells whether it could wait to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// watched remembers the status for the record.
type watched struct {
	http.ResponseWriter
	status int
}

func (w *watched) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
