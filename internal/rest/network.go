package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// proxyOf is the variable that names the proxy, in the order of net/http, and its
// address, which may leave out the scheme. An address that cannot be read is an error
// here: net/http would go out directly then, around the proxy.
func proxyOf(getenv func(string) string) (name string, _ *url.URL, _ error) {
	for _, name = range []string{"HTTPS_PROXY", "https_proxy"} {
		value := getenv(name)
		if value == "" {
			continue
		}
		u, err := url.Parse(value)
		if err != nil || u.Scheme == "" || u.Host == "" {
			u, err = url.Parse("http://" + value)
		}
		if err != nil || u.Host == "" {
			return name, nil, errors.New("the proxy's address in the environment cannot be read") // the cause may quote a password
		}
		return name, u, nil
	}
	return "", nil, nil
}

// fromEnvironment is http.ProxyFromEnvironment, which fails where the address cannot
// be read.
func fromEnvironment(r *http.Request) (*url.URL, error) {
	if _, _, err := proxyOf(os.Getenv); err != nil {
		return nil, err
	}
	return http.ProxyFromEnvironment(r)
}

// network is the real way out.
func network(proxy func(*http.Request) (*url.URL, error), roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy: func(r *http.Request) (*url.URL, error) {
			u, err := proxy(r)
			if err != nil {
				// The cause quotes the proxy's address, which may hold a password.
				return nil, &proxyError{err: errors.New("the proxy's address in the environment cannot be read")}
			}
			return u, nil
		},
		OnProxyConnectResponse: func(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			return &proxyError{host: proxy.Hostname(), status: resp.StatusCode}
		},
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       90 * time.Second,
		// More calls than are in flight when many accounts are verified: ten of each of 32,
		// and of as many that wait for their service, each on a connection of its own
		// behind a proxy that speaks HTTP/1.1 alone. One above that is closed after each
		// answer, and opened again for the next.
		MaxIdleConns:        1024,
		MaxIdleConnsPerHost: 1024,
		ForceAttemptHTTP2:   true,
		// A connection that died while this machine slept is found and left.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 10 * time.Second},
	}
}

// proxyError is a proxy that answered in the service's place.
type proxyError struct {
	host   string
	status int
	err    error
}

func (e *proxyError) Error() string {
	if e.err != nil {
		return e.err.Error()
	}
	return "the proxy " + e.host + " refused the connection: " + http.StatusText(e.status)
}

// trustVariables name PEM files of authorities to trust besides the system's.
var trustVariables = []string{"SSL_CERT_FILE", "AWS_CA_BUNDLE"}

// authorities are the PEM files to trust besides the system's own authorities.
type authorities [][]byte

// readAuthorities reads the files that SSL_CERT_FILE and AWS_CA_BUNDLE name, on
// every system. One that cannot be read or holds no certificate is
// account.TrustFile with its path in Subject.
func readAuthorities() (authorities, error) {
	var all authorities
	for _, name := range trustVariables {
		path := os.Getenv(name)
		if path == "" {
			continue
		}
		file, err := readAuthority(path)
		if err == nil && !holdsCertificate(file) {
			err = errors.New("there is no certificate in the file that " + name + " names")
		}
		if err != nil {
			return nil, &account.Problem{Kind: account.TrustFile, Code: name, Subject: Text(path, 300), Err: err}
		}
		all = append(all, file)
	}
	return all, nil
}

// authorityMost is more than any bundle of authorities has.
const authorityMost = 16 << 20

// readAuthority reads a file of authorities, which may be a pipe.
func readAuthority(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file, err := io.ReadAll(io.LimitReader(f, authorityMost+1))
	if err == nil && len(file) > authorityMost {
		err = fmt.Errorf("it has more than %d MiB", authorityMost>>20)
	}
	return file, err
}

// holdsCertificate tells whether a PEM file has one that can be read.
func holdsCertificate(file []byte) bool {
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err == nil {
			return true
		}
	}
	return false
}

// pool is what is trusted: the system's authorities and the files'.
func (a authorities) pool() *x509.CertPool {
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	for _, file := range a {
		roots.AppendCertsFromPEM(file)
	}
	return roots
}

// later is a transport that is made by its first request: reading the system's
// authorities takes longer than the first screen may.
type later func() *http.Transport

// RoundTrip makes the request.
func (l later) RoundTrip(r *http.Request) (*http.Response, error) { return l().RoundTrip(r) }

// CloseIdleConnections gives back connections that nobody uses.
func (l later) CloseIdleConnections() { l().CloseIdleConnections() }
