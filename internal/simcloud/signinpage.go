package simcloud

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The pages of the sign-in service. Their looks are nobody's business; what
// they post where is the vendor's own for the login and the consent, and the
// hidden form of the answer is what OAuth 2.0 Form Post Response Mode says.

// page writes one.
func (v *visit) page(body string) {
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("X-Frame-Options", "DENY")
	h.Set("x-ms-request-id", v.trace)
	v.w.WriteHeader(http.StatusOK)
	fmt.Fprintf(v.w, "<!DOCTYPE html><html><head><title>Sign in to your account</title></head><body>%s</body></html>\n", body)
}

// hidden is a form with fields nobody sees.
func hidden(action string, fields url.Values) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<form method="POST" name="hiddenform" action="%s">`, html.EscapeString(action))
	for _, name := range sortedKeys(fields) {
		fmt.Fprintf(&b, `<input type="hidden" name="%s" value="%s" />`, html.EscapeString(name), html.EscapeString(fields.Get(name)))
	}
	return b.String()
}

func sortedKeys(v url.Values) []string {
	var names []string
	for n := range v {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// showRefusal is the page that the app never hears of.
func (v *visit) showRefusal(e *signInError) {
	v.page(`<p id="error">Sorry, but we’re having trouble signing you in.</p><p>` + html.EscapeString(v.describeRefusal(e)) + `</p>`)
}

func (v *visit) signInPage(a ask, hint string) {
	v.page(hidden("/"+url.PathEscape(a.Name)+"/login", url.Values{"ctx": {v.c.seal("login", a)}}) +
		`<input name="login" value="` + html.EscapeString(hint) + `" /><input name="passwd" type="password" /><button>Sign in</button></form>`)
}

// passage is a person on the way through the pages.
type passage struct {
	Ask          ask
	Tenant, User string
}

// consentPage lists what is asked; the organization's tick only for whoever may
// set it.
func (v *visit) consentPage(p passage, client signInClient, want []string, admin bool) {
	tick := ""
	if admin {
		tick = `<input type="checkbox" name="everyone" value="true" /> Consent on behalf of your organization`
	}
	v.page("<p>Permissions requested by " + html.EscapeString(client.name) + ": " + html.EscapeString(strings.Join(want, ", ")) + "</p>" +
		hidden("/common/Consent/Set", url.Values{"ctx": {v.c.seal("consent", p)}}) +
		`<input name="decision" value="" />` + tick + `<button>Accept</button></form>`)
}

// back sends the answer to the app: as a form that posts itself, or in the
// address, which then gets a path.
func (v *visit) back(a ask, answer url.Values) {
	if a.State != "" {
		answer.Set("state", a.State)
	}
	if a.Mode == "form_post" {
		v.page(hidden(a.Redirect, answer) + `<noscript><button>Continue</button></noscript></form><script>document.forms[0].submit();</script>`)
		return
	}
	u, err := url.Parse(a.Redirect)
	if err != nil {
		v.showRefusal(badRequest(50011, "The redirect URI is malformed."))
		return
	}
	if u.Path == "" {
		u.Path = "/"
	}
	if a.Mode == "fragment" {
		v.w.Header().Set("Location", u.String()+"#"+answer.Encode())
	} else {
		q := u.Query()
		for k, x := range answer {
			q[k] = x
		}
		u.RawQuery = q.Encode()
		v.w.Header().Set("Location", u.String())
	}
	v.w.WriteHeader(http.StatusFound)
}

// refusalForm is how an app is told of a refusal.
func refusalForm(v *visit, e *signInError) url.Values {
	f := url.Values{"error": {e.oauth}, "error_description": {v.describeRefusal(e)}, "error_uri": {fmt.Sprintf("https://%s/error?code=%d", hostOf(v.r), e.code)}}
	if e.suberror != "" {
		f.Set("error_subcode", e.suberror)
	}
	if e.claims != "" {
		f.Set("claims", e.claims)
	}
	return f
}
