package entra

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/hostile"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// longest is more virtual time than anything here takes, whatever is answered: a
// device code of a day, or changes that each wait for as long as they may.
const longest = 26 * time.Hour

// answered runs f against a tape with one answer changed, in a bubble, and holds that
// what comes of it is sound and came to an end.
func answered(t *testing.T, tape *hostile.Tape, c hostile.Change, now func() time.Time, f func(t *testing.T, e *Entra) []any) {
	t.Helper()
	tape.Answered(t, c, longest, func(t *testing.T, way http.RoundTripper) []any {
		client, err := rest.New(rest.Options{Transport: way, Version: "test", Now: now})
		if err != nil {
			t.Fatal(err)
		}
		return f(t, New(client, now))
	})
}

const (
	tokenAnswer   = `{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"eyJ0eXAiOiJKV1QiLCJub25jZSI6IngifQ.eyJhdWQiOiJodHRwczovL2dyYXBoLm1pY3Jvc29mdC5jb20ifQ.c2ln"}`
	configAnswer  = `{"token_endpoint":"https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/oauth2/v2.0/token","issuer":"https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0","authorization_endpoint":"https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/oauth2/v2.0/authorize","device_authorization_endpoint":"https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/oauth2/v2.0/devicecode","tenant_region_scope":"EU","cloud_instance_name":"microsoftonline.com","msgraph_host":"graph.microsoft.com"}`
	listAnswer    = `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#x","@odata.nextLink":"https://graph.microsoft.com/v1.0/next?$skiptoken=1","value":[{"id":"5e3ce6c0-2b1f-4285-8d4b-75ee78787346","appId":"a0a1a2a3-0000-4000-8000-000000000001","displayName":"Xops 360 - Contoso","keyCredentials":[{"keyId":"f0b0b335-1d71-4883-8f98-567911bfdca6","customKeyIdentifier":"AAECAwQFBgcICQoLDA0ODxAREhM=","startDateTime":"2026-01-01T00:00:00Z","endDateTime":"2027-01-01T00:00:00Z","type":"AsymmetricX509Cert","usage":"Verify","displayName":"CN=x"}],"passwordCredentials":[{"displayName":"x","endDateTime":null}],"requiredResourceAccess":[],"roleTemplateId":"f2ef992c-3afb-46b9-b7cf-a126ee74c451","roleDefinitionId":"f2ef992c-3afb-46b9-b7cf-a126ee74c451","principalId":"x","resourceId":"y","appRoleId":"d07a8cc0-3d51-4b77-b3b0-32704d1f69fa"}]}`
	policyAnswer  = `{"value":[{"id":"x","displayName":"Default","isOrganizationDefault":true,"isEnabled":true,"restrictions":{"keyCredentials":[{"restrictionType":"asymmetricKeyLifetime","maxLifetime":"P90D","state":"enabled"},{"restrictionType":"trustedCertificateAuthority","state":"enabled"}]}}],"permissionGrantPoliciesAssigned":["ManagePermissionGrantsForSelf.x"]}`
	refusalAnswer = `{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation.","innerError":{"date":"2026-11-22T10:00:00","request-id":"x","client-request-id":"y"}}}`
)

// FuzzVerify answers one call of a whole verification, or every one, with anything:
// the sign-in service's metadata and token, Graph's objects and lists. The checks are
// told all the same.
func FuzzVerify(f *testing.F) {
	hostile.Seeds(f, 8, tokenAnswer, configAnswer, listAnswer, refusalAnswer)
	var tape hostile.Tape
	var w *world
	record := sync.OnceFunc(func() {
		w.through(tape.Record(w.cloud.Client().Transport))
		if r := w.verify(); !r.Linked() || tape.Len() < 5 {
			w.t.Fatalf("%d answers of %+v", tape.Len(), r.Checks)
		}
	})
	f.Fuzz(func(t *testing.T, at uint8, place, status uint16, raw bool, text string) {
		if w == nil {
			w = finished(t, licensed())
			w.must(w.tenant.AddSecret(w.app.ClientID, "by hand"))
			w.must(w.tenant.AddOwner(w.app.ClientID, "Alex Wilber"))
		}
		record()
		answered(t, &tape, hostile.Changed(at, place, status, raw, text), w.clock, func(t *testing.T, e *Entra) []any {
			r := e.Verify(t.Context(), w.target, w.key)
			hostile.Told(t, r, 3)
			return []any{r}
		})
	})
}

// FuzzRoll does it of what an app asks and changes for itself: its keys, and the token
// that a program gets which collects data.
func FuzzRoll(f *testing.F) {
	hostile.Seeds(f, 12, tokenAnswer, configAnswer, listAnswer, refusalAnswer, `{"keyId":"f0b0b335-1d71-4883-8f98-567911bfdca6","type":"AsymmetricX509Cert"}`)
	var tape hostile.Tape
	var w *world
	var next account.Certificate
	all := func(t *testing.T, e *Entra) []any {
		id, calls, err := e.AddKey(t.Context(), w.target, w.key, next)
		if id != "" && !account.IsGUID(id) {
			t.Errorf("key %q", id)
		}
		found, more, missing := e.FindKey(t.Context(), w.target, w.key, next)
		if found != "" && !account.IsGUID(found) {
			t.Errorf("found %q", found)
		}
		kept, unaccepted := e.Accepts(t.Context(), w.target, w.key)
		gone, left := e.RemoveKey(t.Context(), w.target, w.key, "f0b0b335-1d71-4883-8f98-567911bfdca6")
		token, none := e.Credentials(t.Context(), account.ResourceManager, w.target, w.key)
		if none == nil && token.Access == "" {
			t.Error("no error and no token")
		}
		return []any{id, calls, err, found, more, missing, kept, unaccepted, gone, left, none}
	}
	f.Fuzz(func(t *testing.T, at uint8, place, status uint16, raw bool, text string) {
		if w == nil {
			w = finished(t, licensed())
			next = certify(t, otherKeyOf(), "Xops 360 next", today.Add(-5*time.Minute), today.Add(180*24*time.Hour))
			w.through(tape.Record(w.cloud.Client().Transport))
			all(t, w.entra)
		}
		answered(t, &tape, hostile.Changed(at, place, status, raw, text), w.clock, all)
	})
}

// FuzzDiscover does it of looking for a tenant, and of the doctor's look at the hosts.
func FuzzDiscover(f *testing.F) {
	hostile.Seeds(f, 4, configAnswer, refusalAnswer, `{"error":"invalid_tenant","error_description":"AADSTS90002: Tenant 'x' not found. Check to make sure you have the correct tenant ID.","error_codes":[90002]}`)
	var tape hostile.Tape
	var w *world
	all := func(t *testing.T, e *Entra) []any {
		found, ahead, err := e.Discover(t.Context(), account.Global, "contoso.com")
		if err == nil && !account.IsGUID(string(found.ID)) {
			t.Errorf("found %+v", found)
		}
		_, problems := e.Reach(t.Context(), account.Global)
		return []any{found, ahead, err, problems}
	}
	f.Fuzz(func(t *testing.T, at uint8, place, status uint16, raw bool, text string) {
		if w == nil {
			w = finished(t, licensed())
			w.through(tape.Record(w.cloud.Client().Transport))
			all(t, w.entra)
		}
		answered(t, &tape, hostile.Changed(at, place, status, raw, text), w.clock, all)
	})
}

// FuzzSignIn does it of a person's sign-in with a device code, and of all that is read
// of the tenant then. What the person is shown is sound too.
func FuzzSignIn(f *testing.F) {
	device := `{"user_code":"A1B2C3D4E","device_code":"d","verification_uri":"https://microsoft.com/devicelogin","expires_in":900,"interval":5,"message":"x"}`
	hostile.Seeds(f, 20, device, tokenAnswer, listAnswer, policyAnswer, refusalAnswer, `{"error":"authorization_pending","error_description":"AADSTS70016: x","error_codes":[70016]}`,
		`{"user_code":"A","device_code":"d","verification_uri":"https://microsoft.com/devicelogin","expires_in":1,"interval":9223372036854775807}`,
		`{"user_code":"A","device_code":"d","verification_uri":"https://microsoft.com/devicelogin","expires_in":9223372036854775807,"interval":-9223372036854775808}`)
	var tape hostile.Tape
	var wish account.SignInWish
	var app account.ClientID
	all := func(t *testing.T, e *Entra, tell func(account.SignInPrompt)) (out []any) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour) // a person's patience
		defer cancel()
		a, err := e.SignInGraph(ctx, account.ByDeviceCode, wish, func(p account.SignInPrompt) { out = append(out, p); tell(p) })
		if out = append(out, err); err != nil {
			return out
		}
		if p := a.Person(); p.Tenant != wish.Tenant || !account.IsGUID(string(p.ID)) {
			t.Errorf("signed in as %+v", p)
		}
		survey, err := a.Survey(ctx, account.SurveyWish{Adopt: app})
		return append(out, a.Person(), survey, err)
	}
	f.Fuzz(func(t *testing.T, at uint8, place, status uint16, raw bool, text string) {
		if tape.Len() == 0 {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, licensed())
				app, wish = account.ClientID(d.crowd().ClientID), d.wish()
				d.ear.next = tape.Record(d.ear.next)
				all(t, d.entra, func(p account.SignInPrompt) { d.must(d.tenant.EnterCode(boss, p.UserCode)) })
			})
		}
		answered(t, &tape, hostile.Changed(at, place, status, raw, text), nil, func(t *testing.T, e *Entra) []any {
			return all(t, e, func(account.SignInPrompt) {})
		})
	})
}

// FuzzIDToken has the sign-in service tell who signed in by anything: nobody of
// another tenant gets in, and a name may be shown.
func FuzzIDToken(f *testing.F) {
	const claims = `{"aud":"x","iss":"https://login.microsoftonline.com/%s/v2.0","exp":4000000000,"iat":1,"nbf":1,"name":"Adele Vance","preferred_username":"adele@contoso.com","oid":"00000000-0000-4000-8000-000000000001","tid":"%[1]s","sub":"s","ver":"2.0"}`
	f.Add(claims, "e30", "c2ln")
	for _, s := range append(hostile.Texts[:20:20], "", "null", "[]", `{"exp":1e400}`, `{"tid":7,"oid":null}`, strings.Repeat("[", 10000)) {
		f.Add(s, "e30", "c2ln")
		f.Add(strings.Replace(claims, `"Adele Vance"`, hostile.JSON(s), 1), "", "")
		f.Add(claims, s, s)
	}
	var tape hostile.Tape
	var wish account.SignInWish
	f.Fuzz(func(t *testing.T, claims, head, signature string) {
		if tape.Len() == 0 {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, licensed())
				wish = d.wish()
				d.ear.next = tape.Record(d.ear.next)
				d.signIn(boss)
			})
		}
		claims = strings.ReplaceAll(strings.Replace(claims, "%[1]s", string(wish.Tenant), 1), "%s", string(wish.Tenant))
		body, err := json.Marshal(map[string]any{
			"token_type": "Bearer", "expires_in": 3599, "access_token": "a", "refresh_token": "r", "scope": "openid profile " + strings.Join(scopesOf(wish), " "),
			"id_token": head + "." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + "." + signature, "client_info": "eyJ1aWQiOiJ4IiwidXRpZCI6InkifQ",
		})
		if err != nil {
			t.Fatal(err)
		}
		answered(t, &tape, hostile.Change{At: tape.Len(), Text: string(body)}, nil, func(t *testing.T, e *Entra) []any {
			a, err := e.SignInGraph(t.Context(), account.ByDeviceCode, wish, func(account.SignInPrompt) {})
			if err != nil {
				return []any{err}
			}
			if p := a.Person(); p.Tenant != wish.Tenant || !account.IsGUID(string(p.ID)) {
				t.Errorf("signed in as %+v by %q", p, claims)
			}
			return []any{a.Person()}
		})
	})
}

func scopesOf(wish account.SignInWish) (all []string) {
	for _, d := range delegated {
		all = append(all, "https://"+wish.Cloud.Cloud().Graph+"/"+d)
	}
	return all
}

// FuzzChanges does it of every change of a tenant, each the way there and back.
func FuzzChanges(f *testing.F) {
	hostile.Seeds(f, 40, listAnswer, policyAnswer, refusalAnswer,
		`{"error":{"code":"Request_BadRequest","message":"Credential lifetime exceeds the max value allowed as per assigned policy. Max: P99999999999999999999D"}}`,
		`{"error":{"code":"Request_ResourceNotFound","message":"Resource 'x' does not exist or one of its queried reference-property objects are not present."}}`)
	var tape hostile.Tape
	var d *desk
	all := func(t *testing.T, on *desk) []any {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
		defer cancel()
		a := on.admin
		m, err := on.applyIn(ctx, a)
		out := []any{m.app, m.principal, m.consent, m.role, m.evidence, err}
		out = append(out, toldOf(a.Had(ctx, m.app, on.graph))...)
		out = append(out, toldOf(a.Adopt(ctx, m.app.Application, account.AppWish{Certificate: on.key}, on.tell))...)
		out = append(out, toldOf(a.FindApplication(ctx, unique))...)
		out = append(out, toldOf(a.FindPrincipal(ctx, m.app.Client))...)
		_, undone := on.undo(a, m, time.Now())
		return append(out, undone, on.paused)
	}
	f.Fuzz(func(t *testing.T, at uint8, place, status uint16, raw bool, text string) {
		if tape.Len() == 0 {
			synctest.Test(t, func(t *testing.T) {
				d = newDesk(t, licensed())
				d.admin = d.signIn(boss)
				s, err := d.admin.Survey(t.Context(), account.SurveyWish{})
				d.must(err)
				d.graph = s.Graph
				d.ear.next = tape.Record(d.ear.next)
				all(t, d)
			})
		}
		answered(t, &tape, hostile.Changed(at, place, status, raw, text), nil, func(t *testing.T, e *Entra) []any {
			bearer, err := d.admin.Bearer()
			if err != nil {
				t.Fatal(err)
			}
			on := &desk{t: t, graph: d.graph, key: d.key, entra: e}
			on.admin = &Administrator{&Session{person: d.admin.person, bearer: bearer}, e, d.tenant.Cloud().Cloud()}
			return all(t, on)
		})
	})
}

func toldOf[T any](v T, e []account.Evidence, err error) []any { return []any{v, e, err} }

// FuzzRedirect sends anything to where a browser's answer is awaited: none but the
// form with our state is an answer, and nothing of what was sent is sent back.
func FuzzRedirect(f *testing.F) {
	const form = "code=a&state=hush-hush-hush"
	post := func(head, body string) string {
		return fmt.Sprintf("POST / HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Type: application/x-www-form-urlencoded\r\n%sContent-Length: %d\r\n\r\n%s", head, len(body), body)
	}
	for _, s := range []string{
		post("", form), post("", "state=hush-hush-hush&error=access_denied&error_description="+url.QueryEscape(hostile.Short)), post("Host: evil\r\n", form), post("X: "+hostile.Mark+"\r\n", form),
		post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"), "GET /?" + form + " HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "GET http://" + hostile.Mark + "/ HTTP/1.0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"\x16\x03\x01", "", "POST / HTTP/1.1\r\n" + strings.Repeat("A: b\r\n", 5000), post("Expect: 100-continue\r\n", form), strings.Replace(post("", form), "POST /", "POST /x", 1), post("", form+strings.Repeat("&a=b", 30000)),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		l, err := listenLoopback()
		if err != nil {
			return // somebody else is faster at every port
		}
		sent = bytes.ReplaceAll(sent, []byte("PORT"), fmt.Append(nil, l.port))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		came := make(chan brought, 1)
		go func() {
			b, _ := l.await(ctx, "hush-hush-hush")
			came <- b
		}()
		said := exchanged(t, l.port, sent)
		cancel()
		b := <-came
		if bytes.Contains(said, []byte(hostile.Mark)) || len(said) > 4000 {
			t.Errorf("%q is said of %q", said, sent)
		}
		if b.code == "" && b.refusal.Error == "" {
			return
		}
		if !bytes.Contains(sent, []byte("hush-hush-hush")) && !bytes.Contains(sent, []byte("%")) || !bytes.HasPrefix(sent, []byte("POST / ")) {
			t.Errorf("%q is an answer", sent)
		}
		if b.code == "" {
			hostile.Sound(t, b.refusal.as(b.refusal.personKind(), today))
		}
	})
}

// exchanged is what the port says to what is sent.
func exchanged(t *testing.T, port int, sent []byte) []byte {
	t.Helper()
	c, err := net.Dial("tcp4", fmt.Sprint("127.0.0.1:", port))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Write(sent) // the other end may have hung up
	_ = c.(*net.TCPConn).CloseWrite()
	said, _ := io.ReadAll(c)
	if _, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(said)), nil); err != nil && len(said) > 0 {
		t.Errorf("%q is no answer", said)
	}
	return said
}
