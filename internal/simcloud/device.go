package simcloud

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// How long a device code lives, and how often it may be asked about.
// Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code.
const (
	deviceLife     = 15 * time.Minute
	deviceInterval = 5 * time.Second
)

// device is a device code that waits for a person.
type device struct {
	ask      ask
	user     string // the code to type
	made     time.Time
	polled   time.Time
	interval time.Duration
	who      *passage     // signed in
	refusal  *signInError // or not
	over     bool         // the answer was fetched
}

// verification is where the code is typed. Of China's page there is no public
// word from the vendor.
func verification(id account.CloudID) string {
	switch id.Cloud().ID {
	case account.USGov, account.USGovDoD:
		return "https://microsoft.com/deviceloginus"
	case account.China:
		return "https://microsoft.com/deviceloginchina"
	}
	return "https://microsoft.com/devicelogin"
}

// deviceCode is the device authorization endpoint.
func (v *visit) deviceCode(name string) {
	form, refusal := v.form()
	if refusal == nil {
		refusal = v.startDevice(name, form)
	}
	if refusal != nil {
		v.refuse(refusal)
	}
}

func (v *visit) startDevice(name string, form url.Values) *signInError {
	a := ask{Name: name, Client: strings.ToLower(form.Get("client_id")), Scope: form.Get("scope"), ClientInfo: form.Get("client_info") == "1"}
	client, refusal := v.askedBy(a)
	if refusal != nil {
		return refusal
	}
	if !client.public {
		return secretNeeded()
	}
	if _, refusal := v.readScopes(a.Scope, v.graphRoot(name)); refusal != nil {
		return refusal
	}
	d := &device{ask: a, user: userCode(), made: v.now, interval: deviceInterval}
	code := v.c.addDevice(d)
	page := verification(v.site.clouds[0])
	v.headers()
	v.w.Header().Set("Cache-Control", "no-store, no-cache")
	writeJSON(v.w, http.StatusOK, struct {
		User     string `json:"user_code"`
		Device   string `json:"device_code"`
		Page     string `json:"verification_uri"`
		Life     int    `json:"expires_in"`
		Interval int    `json:"interval"`
		Message  string `json:"message"`
	}{
		d.user, code, page, int(deviceLife / time.Second), int(deviceInterval / time.Second),
		"To sign in, use a web browser to open the page " + page + " and enter the code " + d.user + " to authenticate.",
	})
	return nil
}

func secretNeeded() *signInError {
	return badClient(7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
}

// userCode is nine letters and digits, none of which is taken for another.
func userCode() string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	b := make([]byte, 9)
	rand.Read(b) // never fails
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b)
}

func (c *Cloud) addDevice(d *device) string {
	b := make([]byte, 48)
	rand.Read(b) // never fails
	code := c.keep("device code", "HAQABIQEAAAB"+base64.RawURLEncoding.EncodeToString(b))
	d.ask.Device = code
	c.mu.Lock()
	defer c.mu.Unlock()
	for text, old := range c.devices {
		if d.made.Sub(old.made) > 4*deviceLife {
			delete(c.devices, text)
		}
	}
	c.devices[code] = d
	return code
}

// answerDevice lets the person's side settle a device code, once.
func (c *Cloud) answerDevice(code string, f func(*device)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d, ok := c.devices[code]; ok && d.who == nil && d.refusal == nil {
		f(d)
	}
}

// enterCode is the page where a person types the code a device shows.
func (v *visit) enterCode() {
	if v.r.Method == http.MethodGet {
		v.deviceForm("Enter the code displayed on your app or device.")
		return
	}
	form, refusal := v.form()
	if refusal != nil {
		v.showRefusal(refusal)
		return
	}
	a, ok := v.c.deviceAsk(strings.ToUpper(strings.TrimSpace(form.Get("otc"))), v.now)
	if !ok {
		v.deviceForm("That code didn't work. Check the code and try again.")
		return
	}
	v.signInPage(a, "")
}

func (c *Cloud) deviceAsk(user string, now time.Time) (ask, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.devices {
		if d.user == user && now.Before(d.made.Add(deviceLife)) && d.who == nil && d.refusal == nil {
			return d.ask, true
		}
	}
	return ask{}, false
}

// pollDevice answers a device that asks whether somebody has signed in.
func (v *visit) pollDevice(name string, form url.Values) *signInError {
	if form.Get("device_code") == "" {
		return missing("device_code")
	}
	if _, refusal := v.askedBy(ask{Name: name, Client: strings.ToLower(form.Get("client_id"))}); refusal != nil {
		return refusal
	}
	if e := noSecret(form); e != nil {
		return e
	}
	p, refusal := v.c.poll(form.Get("device_code"), strings.ToLower(form.Get("client_id")), v.now)
	if refusal != nil {
		return refusal
	}
	t, u, client, refusal := v.found(*p)
	if refusal != nil {
		return refusal
	}
	s, refusal := v.readScopes(p.Ask.Scope, graphOf(t.spec.Cloud))
	if refusal != nil {
		return refusal
	}
	return v.issueForPerson(t, u, client, s, issuing{clientInfo: form.Get("client_info") == "1" || p.Ask.ClientInfo})
}

// poll holds a device to its interval, which grows by five seconds whenever it
// does not (RFC 8628). The numbers of slow_down and of a refusal by the person
// are not published.
func (c *Cloud) poll(code, client string, now time.Time) (*passage, *signInError) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.devices[code]
	if !ok || d.over || d.ask.Client != client {
		return nil, badRequest(70018, "Invalid verification code due to User typing in wrong user code for device code flow.").as("bad_verification_code")
	}
	early := !d.polled.IsZero() && now.Before(d.polled.Add(d.interval))
	d.polled = now
	switch {
	case !now.Before(d.made.Add(deviceLife)):
		return nil, badRequest(70020, "The provided value for the input parameter 'device_code' is not valid. This device code has expired.").as("expired_token")
	case early:
		d.interval += deviceInterval
		return nil, badRequest(70016, "OAuth 2.0 device flow error. The client polls too often. Slow down.").as("slow_down")
	case d.refusal != nil && d.refusal.code == 65004:
		d.over = true
		return nil, badRequest(70000, "The user declined the authorization.").as("authorization_declined")
	case d.refusal != nil:
		d.over = true
		return nil, d.refusal
	case d.who == nil:
		return nil, badRequest(70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.").as("authorization_pending")
	}
	d.over = true
	return d.who, nil
}
