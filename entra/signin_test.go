package entra

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// visit is a sign-in by a browser, and what the person saw.
type visit struct {
	admin   *Administrator
	err     error
	prompt  account.SignInPrompt
	landing simcloud.Landing
}

// browse signs in over real sockets; before may meddle when the address is known.
func (d *desk) browse(b *simcloud.Browser, before func(p account.SignInPrompt)) (v visit) {
	d.t.Helper()
	var all sync.WaitGroup
	ctx, cancel := context.WithCancel(d.t.Context())
	defer cancel()
	v.admin, v.err = d.entra.SignInGraph(ctx, account.InBrowser, d.wish(), func(p account.SignInPrompt) {
		v.prompt = p
		all.Go(func() {
			if before != nil {
				before(p)
			}
			var err error
			if v.landing, err = b.Open(d.t.Context(), p.URL); err != nil {
				d.t.Error(err)
			}
			if v.landing.Status == 0 { // a page that the app never hears of: the person gives up
				cancel()
			}
		})
	})
	all.Wait()
	return v
}

func TestSignInWithABrowser(t *testing.T) {
	for _, id := range account.Clouds {
		t.Run(string(id), func(t *testing.T) {
			spec := licensed()
			spec.Cloud = id
			d := newDesk(t, spec)
			v := d.browse(d.tenant.Browser(boss), nil)
			d.must(v.err)
			users := d.tenant.Users()
			want := account.Person{ID: account.ObjectID(users[0].ID), Name: "Adele Vance", UPN: boss, Tenant: account.TenantID(d.tenant.ID()), Client: account.CommandLineTools}
			if v.admin.Person() != want {
				t.Errorf("%+v, want %+v", v.admin.Person(), want)
			}
			if v.landing.Status != 200 || !strings.Contains(v.landing.Answer, "Go back to the terminal") || strings.Contains(v.landing.Answer, "script") || strings.Contains(v.landing.Answer, "http") {
				t.Errorf("%+v", v.landing)
			}
			d.wantRequest(v.prompt)
			d.wantHosts(id)
			if _, err := v.admin.Survey(t.Context(), account.SurveyWish{}); err != nil {
				t.Error(err)
			}
			d.wantScopes()
			d.ear.wantSecret(t, v.prompt, v.admin, v.err)
		})
	}
}

// wantRequest holds what is asked of the authorize endpoint, and that the
// verifier that was told later fits.
func (d *desk) wantRequest(p account.SignInPrompt) {
	d.t.Helper()
	u, err := url.Parse(p.URL)
	d.must(err)
	q := u.Query()
	sum := sha256.Sum256([]byte(d.ear.verifier))
	for name, want := range map[string]string{
		"redirect_uri": "http://localhost:" + strconv.Itoa(p.Port), "response_mode": "form_post", "response_type": "code", "code_challenge_method": "S256",
		"code_challenge": base64.RawURLEncoding.EncodeToString(sum[:]), "client_id": simcloud.CommandLineTools, "prompt": "select_account",
	} {
		if q.Get(name) != want {
			d.t.Errorf("%s = %q, want %q", name, q.Get(name), want)
		}
	}
	if u.Host != d.tenant.Cloud().Cloud().Login || !strings.HasPrefix(u.Path, "/"+d.tenant.ID()+"/") || len(q.Get("state")) != 43 || len(d.ear.verifier) != 43 {
		d.t.Errorf("address %s", p.URL)
	}
	if p.Way != account.InBrowser || p.Port == 0 || time.Until(p.Expires) > signInLimit || p.UserCode != "" {
		d.t.Errorf("prompt %+v", p)
	}
}

// wantScopes holds that exactly the four permissions were consented to.
func (d *desk) wantScopes() {
	d.t.Helper()
	want := slices.Sorted(slices.Values(delegated))
	for _, c := range d.tenant.Consents() {
		if got := slices.Sorted(slices.Values(c.Scopes)); !slices.Equal(got, want) {
			d.t.Errorf("consented to %v", got)
		}
	}
}

// TestRefusedInTheBrowser: what a policy says to the app becomes a kind.
func TestRefusedInTheBrowser(t *testing.T) {
	for code, want := range map[int]account.Kind{
		53003: account.SignInBlocked, 530032: account.SignInBlocked, 530035: account.SignInBlocked, 53000: account.DeviceNotManaged, 53001: account.DeviceNotManaged, 50097: account.DeviceNotManaged,
		50074: account.StrongerSignIn, 50076: account.StrongerSignIn, 50158: account.StrongerSignIn, 50072: account.StrongerSignInSetUp, 50079: account.StrongerSignInSetUp,
		65001: account.ConsentMissing, 65004: account.ConsentDeclined, 90094: account.ConsentNotAllowed, 500021: account.TenantRestricted, 500212: account.GuestRefused, 500213: account.GuestRefused,
		50196: account.Throttled, 70043: account.SignInOver,
	} {
		for _, moment := range []simcloud.Moment{simcloud.InBrowser, simcloud.AtToken} {
			d := newDesk(t, licensed())
			d.must(d.tenant.RefuseSignIns(code, moment))
			v := d.browse(d.tenant.Browser(boss), nil)
			p := d.wantKind(v.err, want)
			if p.Code != "AADSTS"+strconv.Itoa(code) || !account.IsGUID(p.RequestID) || !account.IsGUID(p.CorrelationID) || p.Message == "" || strings.Contains(p.Message, "Trace ID") {
				t.Errorf("%d at %d: %+v", code, moment, p)
			}
			d.ear.secrets = append(d.ear.secrets, d.ear.verifier, "none")
			if v.admin != nil || v.landing.Status != 200 {
				t.Errorf("%d: %v %+v", code, v.admin, v.landing)
			}
		}
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t, licensed())
			d.must(d.tenant.RefuseSignIns(code, simcloud.AtDeviceCode))
			_, err := d.entra.SignInGraph(t.Context(), account.ByDeviceCode, d.wish(), func(p account.SignInPrompt) {
				if err := d.tenant.EnterCode(boss, p.UserCode); err == nil {
					t.Errorf("%d: the page says nothing", code)
				}
			})
			if code == 65004 {
				want = account.DeviceCodeDeclined
			}
			d.wantKind(err, want)
			d.ear.wantSecret(t, err)
		})
	}
}

// TestRefusedOnAPage: the app is never told; the person comes back and ends it.
func TestRefusedOnAPage(t *testing.T) {
	for name, set := range map[string]func(d *desk) *simcloud.Browser{
		"no such person": func(d *desk) *simcloud.Browser { return d.tenant.Browser("nobody@contoso.com") },
		"another tenant's": func(d *desk) *simcloud.Browser {
			other := d.cloud.AddTenant(simcloud.TenantSpec{Name: "Fabrikam", Domains: []string{"fabrikam.com"}})
			other.AddUser(simcloud.UserSpec{UPN: "fred@fabrikam.com"})
			return other.Browser("fred@fabrikam.com")
		},
		"a client that is not there": func(d *desk) *simcloud.Browser { d.tenant.SetCommandLineTools(false); return d.tenant.Browser(boss) },
		"the window is closed": func(d *desk) *simcloud.Browser {
			b := d.tenant.Browser(boss)
			b.Consent = simcloud.CloseWindow
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, licensed())
			v := d.browse(set(d), nil)
			d.wantKind(v.err, account.Cancelled)
		})
	}
}

func TestWhoMayNotConsent(t *testing.T) {
	d := newDesk(t, licensed())
	d.tenant.AddUser(simcloud.UserSpec{UPN: "plain@contoso.com"})
	d.wantKind(d.browse(d.tenant.Browser("plain@contoso.com"), nil).err, account.ConsentNotAllowed)
	b := d.tenant.Browser(boss)
	b.Consent = simcloud.Decline
	d.wantKind(d.browse(b, nil).err, account.ConsentDeclined)
	d.must(d.tenant.SetAssignmentRequired(simcloud.CommandLineTools, true))
	d.wantKind(d.browse(d.tenant.Browser(boss), nil).err, account.ClientNotAssigned)
}

func TestAClientOfTheCustomers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, licensed())
		client := d.tenant.RegisterSignInClient("Contoso onboarding")
		wish := d.wish()
		wish.Client = account.ClientID(client.ClientID)
		a, err := d.entra.SignInGraph(t.Context(), account.ByDeviceCode, wish, func(p account.SignInPrompt) { d.must(d.tenant.EnterCode(boss, p.UserCode)) })
		d.must(err)
		if a.Person().UPN != boss {
			t.Error(a)
		}
		wish.Client = account.ClientID(d.tenant.Register("no public client").ClientID)
		_, err = d.entra.SignInGraph(t.Context(), account.ByDeviceCode, wish, nil)
		d.wantKind(err, account.ClientUnfit)
		wish.Client = simcloud.AzureCLI
		_, err = d.entra.SignInGraph(t.Context(), account.ByDeviceCode, wish, func(p account.SignInPrompt) {
			l, err := d.tenant.Browser(boss).EnterCode(t.Context(), p.UserCode)
			if err != nil || l.Code != 65002 {
				t.Errorf("%+v %v", l, err)
			}
		})
		d.wantKind(err, account.ClientUnfit)
		wish.Client = "00001111-aaaa-2222-bbbb-3333cccc4444"
		_, err = d.entra.SignInGraph(t.Context(), account.ByDeviceCode, wish, nil)
		d.wantKind(err, account.ClientNotThere)
		wish.Client = "nobody"
		_, err = d.entra.SignInGraph(t.Context(), account.ByDeviceCode, wish, nil)
		d.wantKind(err, account.InputNotID)
		wish = d.wish()
		wish.Tenant = "common"
		_, err = d.entra.SignInGraph(t.Context(), account.ByDeviceCode, wish, nil)
		d.wantKind(err, account.InputNotID)
	})
}

// TestWrongTenant: the token endpoint of the tenant that was named answers with
// another's ID token.
func TestWrongTenant(t *testing.T) {
	const other = "99998888-7777-6666-5555-444433332222"
	part := func(v any) string { b, _ := json.Marshal(v); return base64.RawURLEncoding.EncodeToString(b) }
	for name, claims := range map[string]map[string]any{
		"another": {"tid": other, "oid": other, "preferred_username": "x@y.z"},
		"none":    {"oid": other},
		"nobody":  {"tid": other},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t, licensed())
			id := part(map[string]string{"alg": "none"}) + "." + part(claims) + ".c2ln"
			body, err := json.Marshal(map[string]any{
				"token_type": "Bearer", "expires_in": 3599, "access_token": "c2VjcmV0LXRva2Vu", "id_token": id,
				"client_info": part(map[string]string{"uid": other, "utid": other}),
			})
			d.must(err)
			d.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/token"), Body: string(body)})
			a, err := d.entra.SignInGraph(t.Context(), account.ByDeviceCode, d.wish(), func(account.SignInPrompt) {})
			want := account.Unexpected
			if name == "another" {
				want = account.WrongTenantSignedIn
			}
			if p := d.wantKind(err, want); name == "another" && p.Subject != other {
				t.Errorf("%+v", p)
			}
			if a != nil {
				t.Error("somebody is signed in")
			}
			d.ear.wantSecret(t, err)
		})
	}
}

func TestPollsAreHeldToTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, licensed())
		slow := `{"error":"slow_down","error_description":"AADSTS70016: Slow down.","error_codes":[70016]}`
		polls := 0
		d.cloud.Inject(simcloud.Fault{Status: 400, Body: slow, Match: func(r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "/token") {
				polls++
			}
			return polls == 2 || polls == 3
		}})
		a, err := d.entra.SignInGraph(t.Context(), account.ByDeviceCode, d.wish(), func(p account.SignInPrompt) {
			if p.Way != account.ByDeviceCode || p.URL != "" || p.VerificationURL != "https://microsoft.com/devicelogin" || len(p.UserCode) != 9 || time.Until(p.Expires) != 15*time.Minute {
				t.Errorf("%+v", p)
			}
			d.ear.wantSecret(t, p)
			go func() {
				<-time.After(90 * time.Second)
				d.must(d.tenant.EnterCode(boss, p.UserCode))
			}()
		})
		d.must(err)
		if a.Person().UPN != boss {
			t.Error(a)
		}
		var pauses []time.Duration
		for i := 1; i < len(d.ear.polls); i++ {
			pauses = append(pauses, d.ear.polls[i].Sub(d.ear.polls[i-1]))
		}
		if len(pauses) < 5 || pauses[0] < 5*time.Second || pauses[1] < 10*time.Second || pauses[2] < 15*time.Second || pauses[4] < 15*time.Second || pauses[4] > 21*time.Second {
			t.Errorf("polled after %v", pauses)
		}
	})
}

// TestPollsGoBackToTheInterval: an answer that is lost is asked for later, and
// the next one as before.
func TestPollsGoBackToTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, licensed())
		polls := 0
		d.cloud.Inject(simcloud.Fault{Drop: simcloud.Before, Match: func(r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "/token") {
				polls++
			}
			return polls == 2
		}})
		_, err := d.entra.SignInGraph(t.Context(), account.ByDeviceCode, d.wish(), func(p account.SignInPrompt) {
			time.AfterFunc(time.Minute, func() { d.must(d.tenant.EnterCode(boss, p.UserCode)) })
		})
		d.must(err)
		var pauses []time.Duration
		for i := 1; i < len(d.ear.polls); i++ {
			pauses = append(pauses, d.ear.polls[i].Sub(d.ear.polls[i-1]).Round(time.Second))
		}
		if len(pauses) < 5 || pauses[1] != 10*time.Second || slices.Max(pauses[2:]) >= 10*time.Second {
			t.Errorf("polled after %v", pauses)
		}
	})
}

// TestDeviceCodeOnTheWay: what goes wrong between two polls.
func TestDeviceCodeOnTheWay(t *testing.T) {
	poll := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/token") }
	start := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/devicecode") }
	for name, tt := range map[string]struct {
		fault simcloud.Fault
		want  account.Kind
	}{
		"lost before":        {simcloud.Fault{Match: poll, Times: 2, Drop: simcloud.Before}, ""},
		"unavailable":        {simcloud.Fault{Match: poll, Times: 2, Status: 503}, ""},
		"a page":             {simcloud.Fault{Match: poll, Times: 1, HTML: true}, ""},
		"throttled":          {simcloud.Fault{Match: poll, Times: 1, Status: 429, RetryAfter: "30"}, ""},
		"lost after":         {simcloud.Fault{Match: poll, Times: 1, Drop: simcloud.After}, account.DeviceCodeOver},
		"offline":            {simcloud.Fault{Match: poll, Drop: simcloud.Before}, account.Offline},
		"no code":            {simcloud.Fault{Match: start, Status: 503}, account.Unavailable},
		"code lost":          {simcloud.Fault{Match: start, Times: 1, Drop: simcloud.After}, ""},
		"no code in it":      {simcloud.Fault{Match: start, Body: `{"device_code":"d","verification_uri":"https://microsoft.com/devicelogin","expires_in":900}`}, account.Unexpected},
		"a page of no one's": {simcloud.Fault{Match: start, Body: `{"user_code":"U","device_code":"d","verification_uri":"http://x","expires_in":900}`}, account.Unexpected},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, licensed())
				d.cloud.Inject(tt.fault)
				begun := time.Now()
				_, err := d.entra.SignInGraph(t.Context(), account.ByDeviceCode, d.wish(), func(p account.SignInPrompt) { d.must(d.tenant.EnterCode(boss, p.UserCode)) })
				if tt.want == "" {
					d.must(err)
				} else {
					d.wantKind(err, tt.want)
				}
				if took := time.Since(begun); took > 5*time.Minute {
					t.Errorf("took %v", took)
				}
				if p := d.ear.polls; name == "lost before" && (len(p) != 3 || p[1].Sub(p[0]) < 10*time.Second || p[2].Sub(p[1]) < 20*time.Second) {
					t.Errorf("polled at %v", p)
				}
			})
		})
	}
}

func TestDeviceCodeExpiresOrIsDeclined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, licensed())
		start := time.Now()
		_, err := d.entra.SignInGraph(t.Context(), account.ByDeviceCode, d.wish(), func(account.SignInPrompt) {})
		d.wantKind(err, account.DeviceCodeOver)
		if took := time.Since(start); took < 14*time.Minute || took > 16*time.Minute {
			t.Errorf("ended after %v", took)
		}
		_, err = d.entra.SignInGraph(t.Context(), account.ByDeviceCode, d.wish(), func(p account.SignInPrompt) {
			b := d.tenant.Browser(boss)
			b.Consent = simcloud.Decline
			_, err := b.EnterCode(t.Context(), p.UserCode)
			d.must(err)
		})
		d.wantKind(err, account.DeviceCodeDeclined)
		ctx, cancel := context.WithCancel(t.Context())
		_, err = d.entra.SignInGraph(ctx, account.ByDeviceCode, d.wish(), func(account.SignInPrompt) { time.AfterFunc(12*time.Second, cancel) })
		d.wantKind(err, account.Cancelled)
	})
}

// TestRedeemingFaults: an authorization code is good once.
func TestRedeemingFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		fault simcloud.Fault
		want  account.Kind
	}{
		"lost before": {simcloud.Fault{Times: 1, Drop: simcloud.Before}, ""},
		"lost after":  {simcloud.Fault{Times: 1, Drop: simcloud.After}, account.SignInOver},
		"unavailable": {simcloud.Fault{Times: 1, Status: 503}, ""},
		"half of it":  {simcloud.Fault{Body: `{"access_token":"c2VjcmV0LXRva2Vu","expires_in":"soon"}`}, account.Unexpected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, licensed())
			tt.fault.Match = simcloud.Path("/token")
			d.cloud.Inject(tt.fault)
			v := d.browse(d.tenant.Browser(boss), nil)
			if tt.want == "" {
				d.must(v.err)
				return
			}
			d.wantKind(v.err, tt.want)
			d.ear.wantSecret(t, v.err)
		})
	}
}

// TestHostileLoopback: whatever somebody else sends to the port, the person's
// own answer is the one that counts, and it counts once.
func TestHostileLoopback(t *testing.T) {
	d := newDesk(t, licensed())
	b := d.tenant.Browser(boss)
	var state string
	v := d.browse(b, func(p account.SignInPrompt) {
		u, err := url.Parse(p.URL)
		d.must(err)
		state = u.Query().Get("state")
		for name, raw := range strangers(p.Port, state) {
			if got := sendRaw(t, p.Port, raw); got != "" && !strings.Contains(got, " 404 ") && !strings.Contains(got, " 400 ") && !strings.Contains(got, " 431 ") && !strings.Contains(got, " 417 ") {
				t.Errorf("%s: %q", name, got)
			}
		}
		for i := range 300 { // and these stay open
			c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(p.Port))
			d.must(err)
			t.Cleanup(func() { _ = c.Close() })
			_, _ = io.WriteString(c, []string{
				"", "POST / HT",
				"POST / HTTP/1.1\r\nHost: " + localhost(p.Port) + "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 400\r\n\r\ncode=evil&state=" + state,
			}[i%3])
		}
	})
	d.must(v.err)
	if v.admin.Person().UPN != boss {
		t.Error(v.admin)
	}
	if _, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(v.prompt.Port)); err == nil {
		t.Error("the port is still open")
	}
}

// strangers are requests that are no answer of a browser to this program.
func strangers(port int, state string) map[string]string {
	host := localhost(port)
	post := func(target, host, kind, body string) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", target, host, kind, len(body), body)
	}
	const form = "application/x-www-form-urlencoded"
	good := "code=evil&state=" + state
	all := map[string]string{
		"wrong state":       post("/", host, form, "code=evil&state="+strings.Repeat("x", 43)),
		"no state":          post("/", host, form, "code=evil"),
		"empty state":       post("/", host, form, "code=evil&state="),
		"part of the state": post("/", host, form, "code=evil&state="+state[:42]),
		"two states":        post("/", host, form, good+"&state=x"),
		"an error":          post("/", host, form, "error=access_denied&state=x"),
		"both":              post("/", host, form, good+"&error=access_denied"),
		"neither":           post("/", host, form, "state="+state),
		"two codes":         post("/", host, form, good+"&code=b"),
		"empty code":        post("/", host, form, "code=&state="+state),
		"not a form":        post("/", host, "text/plain", good),
		"JSON":              post("/", host, "application/json", `{"code":"evil","state":"`+state+`"}`),
		"broken form":       post("/", host, form, good+"&%zz"),
		"huge":              post("/", host, form, good+"&x="+strings.Repeat("y", answerLimit)),
		"another path":      post("/callback", host, form, good),
		"a query":           post("/?"+good, host, form, good),
		"an absolute URL":   post("http://"+host+"/", host, form, good),
		"dots":              post("/x/..", host, form, good),
		"in the query":      "POST /?" + good + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 0\r\n\r\n",
		"rebound name":      post("/", "evil.example:"+strconv.Itoa(port), form, good),
		"by number":         post("/", "127.0.0.1:"+strconv.Itoa(port), form, good),
		"another port":      post("/", "localhost:1", form, good),
		"no host":           "POST / HTTP/1.0\r\nContent-Type: " + form + "\r\nContent-Length: " + strconv.Itoa(len(good)) + "\r\n\r\n" + good,
		"no HTTP":           "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
		"large head":        "POST / HTTP/1.1\r\nHost: " + host + "\r\nX: " + strings.Repeat("y", 64<<10) + "\r\n\r\n",
	}
	for _, m := range []string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"} {
		all[m] = m + " /?" + good + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n"
		all[m+" with a form"] = strings.Replace(post("/", host, form, good), "POST", m, 1)
	}
	all["OPTIONS *"] = "OPTIONS * HTTP/1.1\r\nHost: " + host + "\r\n\r\n"
	return all
}

// sendRaw sends bytes and reads the first line of what comes back.
func sendRaw(t *testing.T, port int, raw string) string {
	t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(c, raw) // the other side may hang up before the end
	if w, ok := c.(*net.TCPConn); ok {
		_ = w.CloseWrite()
	}
	b, _ := io.ReadAll(io.LimitReader(c, 4<<10))
	line, _, _ := strings.Cut(string(b), "\r\n")
	return line
}

// TestSecondAnswer: the first counts; who comes later, even with the state, is
// turned away.
func TestSecondAnswer(t *testing.T) {
	g := &doorkeeper{state: "s", users: []int{os.Getuid()}, came: make(chan brought, 1)}
	server := httptest.NewServer(g)
	defer server.Close()
	g.host = server.Listener.Addr().String()
	post := func(body string) int {
		r, err := server.Client().Post(server.URL, "application/x-www-form-urlencoded; charset=utf-8", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		return r.StatusCode
	}
	if got := post("code=a&state=s"); got != http.StatusOK {
		t.Fatalf("first: %d", got)
	}
	for range 3 {
		if got := post("code=b&state=s"); got != http.StatusNotFound {
			t.Errorf("later: %d", got)
		}
	}
	if b := <-g.came; b.code != "a" {
		t.Errorf("code %q", b.code)
	}
}

// TestCodeOfAnotherSignIn: somebody who learned the state brings a code that
// was given for another challenge.
func TestCodeOfAnotherSignIn(t *testing.T) {
	d := newDesk(t, licensed())
	var stolen string
	first := d.tenant.Browser(boss)
	first.Tamper = func(a url.Values) { stolen = a.Get("code"); a.Set("code", "0.Aspoilt") }
	v := d.browse(first, nil)
	d.wantKind(v.err, account.TokenRefused)
	second := d.tenant.Browser(boss)
	second.Tamper = func(a url.Values) { a.Set("code", stolen) }
	v = d.browse(second, nil)
	// The other sign-in's code is for another address, and for another challenge.
	if k := account.KindOf(v.err); k != account.ClientUnfit && k != account.TokenRefused {
		t.Errorf("%v", v.err)
	}
	d.ear.wantSecret(t, v.err)
}

func TestBothLoopbackAddresses(t *testing.T) {
	d := newDesk(t, licensed())
	wish := d.wish()
	wish.Hint = boss
	ctx, cancel := context.WithCancel(t.Context())
	_, err := d.entra.SignInGraph(ctx, account.InBrowser, wish, func(p account.SignInPrompt) {
		if !strings.Contains(p.URL, "login_hint=adele%40contoso.com") {
			t.Errorf("%+v", p)
		}
		addresses := []string{"127.0.0.1"}
		if sixWorks() {
			addresses = append(addresses, "::1")
		}
		for _, a := range addresses {
			c, err := net.Dial("tcp", net.JoinHostPort(a, strconv.Itoa(p.Port)))
			d.must(err)
			d.must(c.Close())
		}
		cancel()
	})
	d.wantKind(err, account.Cancelled)
}

// TestNobodySignsIn: after ten minutes the port is closed.
func TestNobodySignsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := &pipe{closed: make(chan struct{})}
		l := &loopback{listeners: []net.Listener{silent}, port: 5}
		d := newDesk(t, licensed())
		s, err := d.entra.newSignIn(d.wish())
		d.must(err)
		start := time.Now()
		_, err = s.brought(t.Context(), l, "s")
		if d.wantKind(err, account.SignInNotMade); time.Since(start) != 10*time.Minute {
			t.Errorf("it ended after %v", time.Since(start))
		}
		if _, err := silent.Accept(); err == nil {
			t.Error("still listening")
		}
	})
}

// pipe is a listener to which nobody comes.
type pipe struct {
	once   sync.Once
	closed chan struct{}
}

func (p *pipe) Accept() (net.Conn, error) { <-p.closed; return nil, net.ErrClosed }
func (p *pipe) Close() error              { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipe) Addr() net.Addr            { return &net.TCPAddr{Port: 5} }

// TestPersonKinds are the codes that no policy of the simulated tenant gives.
func TestPersonKinds(t *testing.T) {
	for text, want := range map[string]account.Kind{
		"AADSTS50020: User account": account.AccountElsewhere, "AADSTS50034: The user account": account.AccountElsewhere,
		"AADSTS700016: Application": account.ClientNotThere, "AADSTS7000112: Application": account.ClientDisabled, "AADSTS50105: x": account.ClientNotAssigned,
		"AADSTS65002: x": account.ClientUnfit, "AADSTS50011: x": account.ClientUnfit, "AADSTS50173: x": account.SignInOver, "AADSTS700082: x": account.SignInOver,
		"AADSTS500022: x": account.TenantRestricted, "AADSTS90002: x": account.TenantNotFound, "AADSTS90038: x": account.TenantElsewhere, "AADSTS70019: x": account.DeviceCodeOver,
		"AADSTS123456: something new": account.TokenRefused, "": account.TokenRefused,
	} {
		if got := broughtRefusal("invalid_request", text).personKind(); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	for oauth, want := range map[string]account.Kind{
		"interaction_required": account.StrongerSignIn, "consent_required": account.ConsentMissing, "access_denied": account.ConsentDeclined,
		"temporarily_unavailable": account.Unavailable, "server_error": account.Unavailable, "expired_token": account.DeviceCodeOver, "other": account.TokenRefused,
	} {
		if got := broughtRefusal(oauth, "").personKind(); got != want {
			t.Errorf("%s: %s, want %s", oauth, got, want)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{"code=a&state=s", "state=s&error=access_denied&error_description=AADSTS65004%3A+x+Trace+ID%3A+y", "state=s;code=a", "state=s&code=%zz", "=&&=", "state=s&state=s&code=a", "code=a&state=S"} {
		f.Add(seed, "s")
	}
	f.Fuzz(func(t *testing.T, body, state string) {
		b, ok := readAnswer(body, state)
		if !ok {
			return
		}
		form, err := url.ParseQuery(body)
		if err != nil || form.Get("state") != state || (b.code == "") == (b.refusal.Error == "" && !form.Has("error")) {
			t.Errorf("%q with %q is %+v", body, state, b.refusal)
		}
		if b.code == "" {
			p := b.refusal.as(b.refusal.personKind(), today)
			if p.Kind == "" || len([]rune(p.Message)) > 200 || len([]rune(p.Code)) > 60 {
				t.Errorf("%+v", p)
			}
			_ = p.Error()
		}
	})
}

// TestLibraryKeepsNoToken: of what a sign-in brought the library has nothing left.
func TestLibraryKeepsNoToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, licensed())
		s, err := d.entra.newSignIn(d.wish())
		d.must(err)
		code, err := s.app.AcquireTokenByDeviceCode(t.Context(), s.scopes)
		d.must(err)
		d.must(d.tenant.EnterCode(boss, code.Result.UserCode))
		result, err := code.AuthenticationResult(t.Context())
		d.must(err)
		if all, err := s.app.Accounts(t.Context()); err != nil || len(all) != 1 {
			t.Fatalf("before: %v %v", all, err)
		}
		_, err = s.session(t.Context(), result)
		d.must(err)
		if all, err := s.app.Accounts(t.Context()); err != nil || len(all) != 0 {
			t.Errorf("the library has %v, %v", all, err)
		}
	})
}

// TestSignInGoesToTheTenantsOwnPage: where the metadata names another host or
// tenant, no browser is sent there.
func TestSignInGoesToTheTenantsOwnPage(t *testing.T) {
	for _, page := range []string{"https://login.evil.example/%s/oauth2/v2.0/authorize", "https://login.microsoftonline.com/99998888-7777-6666-5555-444433332222/oauth2/v2.0/authorize?%s"} {
		d := newDesk(t, licensed())
		own := "https://login.microsoftonline.com/" + d.tenant.ID()
		d.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/openid-configuration"), Body: fmt.Sprintf(
			`{"issuer":"%s/v2.0","authorization_endpoint":"`+page+`","token_endpoint":"%s/oauth2/v2.0/token"}`, own, d.tenant.ID(), own)})
		ctx, cancel := context.WithCancel(t.Context())
		_, err := d.entra.SignInGraph(ctx, account.InBrowser, d.wish(), func(p account.SignInPrompt) { t.Errorf("sent to %s", p.URL); cancel() })
		d.wantKind(err, account.Unexpected)
		cancel()
	}
}
