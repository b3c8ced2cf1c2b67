package simaws

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Cloud is AWS. Its methods and those of its accounts may be called from any
// goroutine.
type Cloud struct {
	now func() time.Time

	mu       sync.Mutex // guards what follows, and every Account
	accounts []*Account
	keys     map[string]*credential
	tokens   map[string]*accessToken // of IAM Identity Center
	orgID    string
	sessions []Session
	journal  []Change

	resourceTime time.Duration
	spreading    time.Duration
	page         int
	limited      bool
	keptTags     bool // the tags of a certificate do not go along into a further role
}

// New is AWS without accounts. now is the clock that everything goes by; nil is
// time.Now.
func New(now func() time.Time) *Cloud {
	if now == nil {
		now = time.Now
	}
	return &Cloud{now: now, keys: map[string]*credential{}, tokens: map[string]*accessToken{}, orgID: "o-" + letters(10), page: 100}
}

func (c *Cloud) set(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// SetResourceTime is how long CloudFormation takes to make, change or delete one
// resource; zero at first.
func (c *Cloud) SetResourceTime(d time.Duration) { c.set(func() { c.resourceTime = d }) }

// SetSpreading is for how long a new role cannot be taken yet, because IAM is
// eventually consistent; zero at first.
func (c *Cloud) SetSpreading(d time.Duration) { c.set(func() { c.spreading = d }) }

// SetPage is how many items a page of a list has at most; 100 at first.
func (c *Cloud) SetPage(n int) { c.set(func() { c.page = max(1, n) }) }

// SetLimiter holds the control plane of IAM Roles Anywhere to its quota, one
// call a second for each group of operations; off at first.
// Source: docs.aws.amazon.com/rolesanywhere/latest/userguide/quotas.html.
func (c *Cloud) SetLimiter(on bool) { c.set(func() { c.limited = on }) }

// SetTransitiveTags tells whether the tags of a certificate go along into a
// further role, so that sts:TagSession is needed for it. The vendor does not
// document it; they do at first, which is the stricter of the two.
func (c *Cloud) SetTransitiveTags(on bool) { c.set(func() { c.keptTags = !on }) }

// call is one request.
type call struct {
	c    *Cloud
	r    *http.Request
	body []byte
	site site
	now  time.Time
	id   string     // request id
	who  *principal // who signed it
}

// maxBody bounds what is read of a request.
const maxBody = 1 << 20

// ServeHTTP answers for every host of [Hosts], and 502 for any other, as a proxy
// does that cannot find the host.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s, ok := sites()[hostOf(r)]
	if !ok {
		http.Error(w, "no such host: "+hostOf(r), http.StatusBadGateway)
		return
	}
	k := &call{c: c, r: r, site: s, now: c.now().UTC(), id: requestID()}
	if r.Body != nil {
		var err error
		var large *http.MaxBytesError
		k.body, err = io.ReadAll(io.LimitReader(r.Body, maxBody+1))
		switch {
		case errors.As(err, &large):
			k.send(w, k.refusal(tooLarge()))
			return
		case err != nil:
			panic(http.ErrAbortHandler)
		}
	}
	k.send(w, k.answer())
}

// answer carries the request out. It is made whole before anything is sent, so
// that the lock is held for no longer than that takes.
func (k *call) answer() *answer {
	k.c.mu.Lock()
	defer k.c.mu.Unlock()
	k.c.settle(k.now)
	if len(k.body) > maxBody {
		return k.refusal(tooLarge())
	}
	switch k.site.service {
	case sts, iam, formation, ec2:
		return k.query()
	case rolesAnywhere:
		return k.anywhere()
	case organizations:
		return k.organization()
	case portal:
		return k.portal()
	default:
		return k.refusal(notPlayed("%s %s", k.r.Method, k.r.URL.Path))
	}
}

func tooLarge() *failure {
	return refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Request size exceeded")
}

// Action is the action that a request asks for, as it is named in policies:
// "sts:AssumeRole". Empty for a host that is not one of [Hosts] and for a
// request that names none. The request's body is read and put back.
func Action(r *http.Request) string {
	s, ok := sites()[hostOf(r)]
	if !ok {
		return ""
	}
	switch s.service {
	case sts, iam, formation, ec2:
		return named(string(s.service), bodyOf(r).Get("Action"))
	case organizations:
		_, name, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		return named("organizations", name)
	case rolesAnywhere:
		route, _ := findRoute(r.Method, r.URL.Path)
		return named("rolesanywhere", route.action)
	case portal:
		if r.URL.Path == "/federation/credentials" {
			return "sso:GetRoleCredentials"
		}
	}
	return ""
}

func named(service, action string) string {
	if action == "" {
		return ""
	}
	return service + ":" + action
}

// bodyOf is the form of a Query request. The body can be read again.
func bodyOf(r *http.Request) url.Values {
	if r.Body == nil {
		return r.URL.Query()
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	rest := r.Body
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(strings.NewReader(string(b)), rest), rest}
	if err != nil {
		return nil
	}
	form, err := url.ParseQuery(string(b))
	if err != nil {
		return nil
	}
	return form
}

// pattern is a regular expression that is compiled when it is first asked for: no
// program that links this pays for it at its start.
func pattern(text string) func() *regexp.Regexp {
	return (&expression{text: text}).compiled
}

type expression struct {
	text string
	once sync.Once
	is   *regexp.Regexp
}

func (e *expression) compiled() *regexp.Regexp {
	e.once.Do(func() { e.is = regexp.MustCompile(e.text) })
	return e.is
}

// random is n random bytes.
func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}

// letters is a random word of small letters and digits.
func letters(n int) string { return word(n, "abcdefghijklmnopqrstuvwxyz0123456789") }

func word(n int, of string) string {
	b := random(n)
	for i := range b {
		b[i] = of[int(b[i])%len(of)]
	}
	return string(b)
}

// uniqueID is an id of IAM, as AROA4EXAMPLE….
func uniqueID(prefix string) string {
	return prefix + word(17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
}

func uuid() string {
	b := random(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	s := hex.EncodeToString(b)
	return fmt.Sprintf("%s-%s-%s-%s-%s", s[:8], s[8:12], s[12:16], s[16:20], s[20:])
}

func requestID() string { return uuid() }
