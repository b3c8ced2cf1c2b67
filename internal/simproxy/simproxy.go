// Package simproxy puts a handler behind an HTTPS proxy on this machine, so that
// a built program, or anybody else's client, talks to the clouds' own host
// names and meets the handler: with HTTPS_PROXY and SSL_CERT_FILE in the
// environment, as behind a proxy that inspects TLS. Its authority is made for
// one run and can speak for those hosts alone. It is for tests and for trying a
// program out; no product links it.
package simproxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// Proxy is a running proxy.
type Proxy struct {
	authority *authority
	listener  net.Listener
	outer     *http.Server // takes CONNECT
	inner     *http.Server // answers for the hosts, inside TLS
	tunnels   *tunnels
	dir       string
	done      sync.WaitGroup

	mu      sync.Mutex
	refused []string
}

// Start begins to listen on a free port of 127.0.0.1. h answers for the hosts
// of simcloud.Hosts; every other host is refused.
func Start(h http.Handler) (*Proxy, error) {
	a, err := newAuthority(simcloud.Hosts())
	if err != nil {
		return nil, fmt.Errorf("make an authority: %w", err)
	}
	dir, err := os.MkdirTemp("", "simproxy-")
	if err != nil {
		return nil, fmt.Errorf("keep the authority's certificate: %w", err)
	}
	p := &Proxy{authority: a, dir: dir}
	if err := os.WriteFile(p.CAFile(), a.pem, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("keep the authority's certificate: %w", err), os.RemoveAll(dir))
	}
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, errors.Join(fmt.Errorf("listen: %w", err), os.RemoveAll(dir))
	}
	p.tunnels = newTunnels(p.listener.Addr())
	// What a client does wrong at TLS is its own to report.
	p.outer = &http.Server{Handler: http.HandlerFunc(p.connect), ReadHeaderTimeout: 10 * time.Second, ErrorLog: silent()}
	p.inner = &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: silent()}
	p.done.Go(func() { _ = p.outer.Serve(p.listener) }) // ends with ErrServerClosed
	p.done.Go(func() { _ = p.inner.Serve(p.tunnels) })
	return p, nil
}

// URL is the proxy's address.
func (p *Proxy) URL() string { return "http://" + p.listener.Addr().String() }

// CAFile is the path of the authority's certificate, in PEM, until Close.
func (p *Proxy) CAFile() string { return filepath.Join(p.dir, "ca.pem") }

// Env is what a process needs in its environment to come through here, to be
// put after what it inherits. Both spellings are set, because programs differ
// in which they look at.
func (p *Proxy) Env() []string {
	var env []string
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY"} {
		env = append(env, name+"="+p.URL(), strings.ToLower(name)+"="+p.URL())
	}
	return append(env, "NO_PROXY=", "no_proxy=", "SSL_CERT_FILE="+p.CAFile())
}

// Refused are the hosts that were asked for and are not answered for, with
// their ports, in the order they came.
func (p *Proxy) Refused() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.refused)
}

// Close ends every connection and removes the authority's certificate.
func (p *Proxy) Close() error {
	err := errors.Join(p.outer.Close(), p.inner.Close(), p.tunnels.Close())
	p.done.Wait()
	return errors.Join(err, os.RemoveAll(p.dir))
}

// connect opens a tunnel to a host that is answered for.
func (p *Proxy) connect(w http.ResponseWriter, r *http.Request) {
	host, port, err := net.SplitHostPort(r.Host)
	host = strings.ToLower(host)
	if r.Method != http.MethodConnect || err != nil || port != "443" || !p.authority.speaksFor(host) {
		p.mu.Lock()
		p.refused = append(p.refused, r.Host)
		p.mu.Unlock()
		http.Error(w, "this proxy answers for the simulated clouds alone", http.StatusForbidden)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		conn.Close()
		return
	}
	config := &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		// The tunnel's host decides; another in the handshake is a mistake.
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName != "" && !strings.EqualFold(hello.ServerName, host) {
				return nil, fmt.Errorf("tunnel to %s, handshake for %s", host, hello.ServerName)
			}
			return p.authority.leaf(host)
		},
	}
	p.tunnels.add(tls.Server(&early{conn, buffered.Reader}, config))
}

// early is a connection of which a part was read already.
type early struct {
	net.Conn
	r io.Reader
}

func (e *early) Read(b []byte) (int, error) { return e.r.Read(b) }

// tunnels is a listener that is handed its connections.
type tunnels struct {
	addr   net.Addr
	conns  chan net.Conn
	ctx    context.Context
	cancel context.CancelFunc
}

func newTunnels(addr net.Addr) *tunnels {
	ctx, cancel := context.WithCancel(context.Background())
	return &tunnels{addr: addr, conns: make(chan net.Conn), ctx: ctx, cancel: cancel}
}

func (t *tunnels) add(c net.Conn) {
	select {
	case t.conns <- c:
	case <-t.ctx.Done():
		c.Close()
	}
}

// Accept waits for a tunnel.
func (t *tunnels) Accept() (net.Conn, error) {
	select {
	case c := <-t.conns:
		return c, nil
	case <-t.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (t *tunnels) Close() error { t.cancel(); return nil }

// Addr is the proxy's.
func (t *tunnels) Addr() net.Addr { return t.addr }
