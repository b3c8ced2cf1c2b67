package entra

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/internal/rest"
)

// metadata keeps what tenants say of their endpoints: the sign-in library asks
// for it with every new client, and every token is one. The service lets it be
// kept for a day.
// Source: learn.microsoft.com/entra/identity-platform/v2-protocols-oidc.
type metadata struct {
	mu   sync.Mutex
	kept map[string]told // by address
}

// told is one answer, and how long it holds.
type told struct {
	header http.Header
	body   []byte
	until  time.Time // on the monotonic clock
}

// metadataLife is how long an answer is kept: a tenant moves seldom, and a
// person who waits for that starts the program anew.
const metadataLife = time.Hour

// mostMetadata is of how many tenants it is kept: of thousands it would take more
// memory than all else.
const mostMetadata = 256

// web is the way to the sign-in service, with its metadata kept.
type web struct {
	http *rest.HTTP
	met  *metadata
}

func (e *Entra) web(host string) web { return web{e.rest.HTTP(host), &e.met} }

// CloseIdleConnections is rest's.
func (w web) CloseIdleConnections() { w.http.CloseIdleConnections() }

// Do makes the call, unless its answer is kept.
func (w web) Do(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration") {
		return w.http.Do(r)
	}
	address := r.URL.String()
	if t, ok := w.met.find(address); ok {
		return t.answer(r), nil
	}
	resp, err := w.http.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var d discovery
	t := told{resp.Header, body, time.Now().Add(metadataLife)}
	if resp.StatusCode == http.StatusOK && json.Unmarshal(body, &d) == nil && d.Issuer != "" && d.TokenEndpoint != "" {
		w.met.keep(address, t)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// answer is what was told, once more.
func (t told) answer(r *http.Request) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: t.header.Clone(), Body: io.NopCloser(bytes.NewReader(t.body)), ContentLength: int64(len(t.body)),
	}
}

func (m *metadata) find(address string) (told, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.kept[address]
	return t, ok && time.Now().Before(t.until)
}

func (m *metadata) keep(address string, t told) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil {
		m.kept = map[string]told{}
	}
	for other := range m.kept {
		if len(m.kept) < mostMetadata {
			break
		}
		delete(m.kept, other)
	}
	m.kept[address] = t
}
