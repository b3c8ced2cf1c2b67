package simcloud

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// Consenting is what a person does on a consent page.
type Consenting int

// What can be done there.
const (
	AcceptForMe       Consenting = iota // Accept
	AcceptForEveryone                   // Accept, with the tick for the whole organization
	Decline                             // Cancel
	CloseWindow                         // nothing; the app is never told
)

// Browser is a person in front of one. Its fields may be set before it is used.
type Browser struct {
	c        *Cloud
	upn      string
	password string
	host     string // the sign-in service's

	Consent  Consenting
	Tamper   func(answer url.Values) // changes what is sent to the app, as another process or page might; nil: nothing
	Loopback http.RoundTripper       // the way to the app's own address; nil: over this machine's network, past any proxy
}

// Browser is the browser of the person with that sign-in name, who need not be
// of this tenant or of any.
func (t *Tenant) Browser(upn string) *Browser {
	return &Browser{c: t.c, upn: upn, password: t.c.password(upn), host: t.spec.Cloud.Cloud().Login}
}

// Landing is what the person sees in the end.
type Landing struct {
	Shown  string // the text of the last page of the sign-in service, unless it sent the answer to the app
	Code   int    // AADSTS of that page
	Status int    // what the app's own page answered; 0 if nothing was sent to it
	Answer string // that page's text
}

// person marks the requests of people's browsers.
type person struct{}

// ByPerson tells whether a request is of a person's browser and not of an app,
// for what a [Fault] matches.
func ByPerson(r *http.Request) bool {
	by, _ := r.Context().Value(person{}).(bool)
	return by
}

// Open goes to an address that an app has handed to the browser, signs in, does
// on the consent page what Consent says, and delivers the answer to the app.
func (b *Browser) Open(ctx context.Context, address string) (Landing, error) {
	page, err := b.load(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Landing{}, err
	}
	return b.walk(ctx, page)
}

// EnterCode types a device's code on the page for it, and signs in.
func (b *Browser) EnterCode(ctx context.Context, code string) (Landing, error) {
	page, err := b.load(ctx, http.MethodPost, "https://"+b.host+"/common/oauth2/deviceauth", url.Values{"otc": {code}})
	if err != nil {
		return Landing{}, err
	}
	return b.walk(ctx, page)
}

// EnterCode is Browser(upn).EnterCode for a person who consents for themselves.
// A page that refuses is an error.
func (t *Tenant) EnterCode(upn, code string) error {
	l, err := t.Browser(upn).EnterCode(context.Background(), code)
	if err == nil && (l.Code != 0 || strings.Contains(l.Shown, "didn't work")) {
		err = errors.New(l.Shown)
	}
	return err
}

// loaded is a page as the browser has it.
type loaded struct {
	url    *url.URL
	text   string
	action string // of its form, absolute
	fields url.Values
	sent   string // where a redirect points
}

// walk fills form after form, until a page has none or the answer goes to the app.
func (b *Browser) walk(ctx context.Context, page loaded) (Landing, error) {
	for range 5 {
		switch path := pathOf(page.action); {
		case page.sent != "":
			return b.deliver(ctx, page, http.MethodGet, page.sent, nil)
		case page.action == "" || strings.HasSuffix(path, "/deviceauth"):
			return page.landing(), nil
		case !strings.HasPrefix(page.action, "https://"+page.url.Host+"/"):
			return b.deliver(ctx, page, http.MethodPost, page.action, page.fields)
		case strings.HasSuffix(path, "/login"):
			page.fields.Set("login", b.upn)
			page.fields.Set("passwd", b.password)
		case b.Consent == CloseWindow:
			return page.landing(), nil
		default:
			b.answerConsent(page.fields)
		}
		var err error
		if page, err = b.load(ctx, http.MethodPost, page.action, page.fields); err != nil {
			return Landing{}, err
		}
	}
	return Landing{}, errors.New("the sign-in goes round in circles")
}

func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Path
}

func (b *Browser) answerConsent(fields url.Values) {
	fields.Set("decision", "accept")
	switch b.Consent {
	case Decline:
		fields.Set("decision", "decline")
	case AcceptForEveryone:
		fields.Set("everyone", "true")
	case AcceptForMe, CloseWindow:
	}
}

// load asks the sign-in service for a page.
func (b *Browser) load(ctx context.Context, method, address string, fields url.Values) (loaded, error) {
	req, err := http.NewRequestWithContext(context.WithValue(ctx, person{}, true), method, address, strings.NewReader(fields.Encode()))
	if err != nil {
		return loaded{}, err
	}
	likeABrowser(req)
	hc := b.c.Client()
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := hc.Do(req)
	if err != nil {
		return loaded{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return loaded{}, err
	}
	page := readPage(req.URL, string(text))
	page.sent = resp.Header.Get("Location")
	return page, nil
}

func likeABrowser(req *http.Request) {
	req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	req.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	req.Header.Set("Upgrade-Insecure-Requests", "1")
	req.Header.Set("Sec-Fetch-Mode", "navigate")
	req.Header.Set("Sec-Fetch-Dest", "document")
	if req.Method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
}

var (
	formTag  = account.Lazily(`<form [^>]*action="([^"]*)"`)
	inputTag = account.Lazily(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
	markup   = account.Lazily(`<[^>]*>`)
	aadsts   = account.Lazily(`AADSTS(\d+)`)
)

// readPage finds the form of a page.
func readPage(at *url.URL, text string) loaded {
	page := loaded{url: at, text: text, fields: url.Values{}}
	form := formTag().FindStringSubmatch(text)
	if form == nil {
		return page
	}
	action, err := at.Parse(html.UnescapeString(form[1]))
	if err != nil {
		return page
	}
	page.action = action.String()
	for _, in := range inputTag().FindAllStringSubmatch(text, -1) {
		page.fields.Set(html.UnescapeString(in[1]), html.UnescapeString(in[2]))
	}
	return page
}

// landing is the page as a person reads it.
func (p loaded) landing() Landing {
	l := Landing{Shown: strings.Join(strings.Fields(html.UnescapeString(markup().ReplaceAllString(p.text, " "))), " ")}
	if m := aadsts().FindStringSubmatch(l.Shown); m != nil {
		l.Code, _ = strconv.Atoi(m[1])
	}
	return l
}

// deliver sends the answer to the app's own address, as a browser does that
// comes from the sign-in service's page.
func (b *Browser) deliver(ctx context.Context, page loaded, method, address string, fields url.Values) (Landing, error) {
	u, err := url.Parse(address)
	if err != nil {
		return Landing{}, err
	}
	if b.Tamper != nil && method == http.MethodPost {
		b.Tamper(fields)
	}
	if b.Tamper != nil && method == http.MethodGet {
		q := u.Query()
		b.Tamper(q)
		u.RawQuery = q.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(fields.Encode()))
	if err != nil {
		return Landing{}, err
	}
	likeABrowser(req)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	req.Header.Set("Referer", "https://"+page.url.Host+"/")
	if method == http.MethodPost {
		req.Header.Set("Origin", "https://"+page.url.Host)
	}
	resp, err := b.toApp().RoundTrip(req)
	if err != nil {
		return Landing{}, fmt.Errorf("deliver the answer to the app: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	return Landing{Status: resp.StatusCode, Answer: string(text)}, err
}

func (b *Browser) toApp() http.RoundTripper {
	if b.Loopback != nil {
		return b.Loopback
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	return &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true, ResponseHeaderTimeout: 30 * time.Second}
}
