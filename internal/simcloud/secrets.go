package simcloud

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Secret is something that passed between a program and the services which nobody else
// may come to know.
type Secret struct {
	Kind string // "access token", "client assertion"; of AWS "secret access key", "session token"
	Text string
}

// KeepSecrets has the cloud keep what is secret of what it sees and gives out from now
// on, for tests that look whether any of it lies about. It grows without a bound.
func (c *Cloud) KeepSecrets() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = map[Secret]bool{}
}

// Secrets are those that were kept, in no order, and all that AWS has given out.
func (c *Cloud) Secrets() (all []Secret) {
	for text, kind := range c.aws.Secrets() {
		all = append(all, Secret{kind, text})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.kept {
		all = append(all, s)
	}
	return all
}

// keep keeps a secret, and gives its text.
func (c *Cloud) keep(kind, text string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept != nil && text != "" {
		c.kept[Secret{kind, text}] = true
	}
	return text
}

// brought are the secrets that a program shows a service, by the fields they stand in.
var brought = map[string]string{
	"client_assertion": "client assertion", "code_verifier": "PKCE verifier", "refresh_token": "refresh token",
	"code": "authorization code", "device_code": "device code", "proof": "proof of possession",
}

// overhear keeps the secrets of a request, whether it is answered or lost. Of a token
// that is signed the signature is the secret: the rest says whose it is, as files do.
func (c *Cloud) overhear(r *http.Request) {
	c.mu.Lock()
	listens := c.kept != nil && r.Method == http.MethodPost && !ByPerson(r)
	c.mu.Unlock()
	if s, _ := siteOf(hostOf(r)); !listens || s.kind != login && s.kind != graph {
		return
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
	form, _ := url.ParseQuery(string(body))
	var fields map[string]any
	_ = json.Unmarshal(body, &fields) // another form has none of them
	for name, kind := range brought {
		text, _ := fields[name].(string)
		for _, text := range slices.Concat(form[name], []string{text}) {
			if parts := strings.Split(text, "."); len(parts) == 3 && strings.HasPrefix(text, "eyJ") {
				text = parts[2]
			}
			c.keep(kind, text)
		}
	}
}

// failing is the end of a body, as it came.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}
