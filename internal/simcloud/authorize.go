package simcloud

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// ask is what an app asks of a person, until the answer goes back to it. It
// travels through the pages sealed.
type ask struct {
	Name       string // in the place of the tenant
	Client     string
	Redirect   string
	Mode       string
	State      string
	Nonce      string
	Challenge  string
	Method     string
	Prompt     string
	Scope      string
	ClientInfo bool
	Device     string // the device code that is being answered; no redirect then
}

// authorize is where a browser is sent. What is wrong with the client or the
// redirect is shown on a page; everything else goes back to the app.
// Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow.
func (v *visit) authorize(name string) {
	q := v.r.URL.Query()
	if v.r.Method == http.MethodPost {
		var refusal *signInError
		if q, refusal = v.form(); refusal != nil {
			v.showRefusal(refusal)
			return
		}
	}
	a := ask{
		Name: name, Client: strings.ToLower(q.Get("client_id")), Redirect: q.Get("redirect_uri"), Mode: q.Get("response_mode"), State: q.Get("state"),
		Nonce: q.Get("nonce"), Challenge: q.Get("code_challenge"), Method: q.Get("code_challenge_method"), Prompt: q.Get("prompt"),
		Scope: q.Get("scope"), ClientInfo: q.Get("client_info") == "1",
	}
	client, refusal := v.askedBy(a)
	if refusal == nil {
		refusal = client.takes(a.Redirect)
	}
	if refusal != nil {
		v.showRefusal(refusal)
		return
	}
	if refusal := v.judge(&a, q); refusal != nil {
		v.back(a, refusalForm(v, refusal))
		return
	}
	v.signInPage(a, q.Get("login_hint"))
}

// askedBy is the client, in the tenant that was named. Where none is, only what
// is of many tenants can ask.
func (v *visit) askedBy(a ask) (signInClient, *signInError) {
	if a.Client == "" {
		return signInClient{}, missing("client_id")
	}
	if !slices.Contains(anyTenant, strings.ToLower(a.Name)) {
		t, refusal := v.resolve(a.Name)
		if refusal != nil {
			return signInClient{}, refusal
		}
		return v.clientIn(t, a.Client)
	}
	for _, t := range v.c.all() {
		client, ok := t.signInClient(t.seen(login), a.Client)
		switch {
		case !ok, !slices.Contains(v.site.clouds, t.spec.Cloud):
		case !client.multi:
			return client, badRequest(50194, "Application '%s'(%s) is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or configure the application to be multi-tenant.", client.id, client.name)
		default:
			return client, nil
		}
	}
	return signInClient{}, appNotFound(a.Client, a.Name)
}

// clientIn is the client of that id in a tenant.
func (v *visit) clientIn(t *Tenant, id string) (signInClient, *signInError) {
	client, ok := t.signInClient(t.seen(login), id)
	if !ok {
		return client, appNotFound(id, t.spec.Name)
	}
	return client, nil
}

// all are the tenants.
func (c *Cloud) all() []*Tenant {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.tenants)
}

// takes judges a redirect address: to this machine at http://localhost at any
// port, otherwise exactly as it is registered.
// Source: learn.microsoft.com/entra/identity-platform/reply-url.
func (client signInClient) takes(redirect string) *signInError {
	switch {
	case redirect == "":
		return badRequest(900971, "No reply address provided.")
	case len(client.redirects) == 0:
		return badRequest(500113, "No reply address is registered for the application.")
	case slices.ContainsFunc(client.redirects, func(r string) bool { return fits(r, redirect) }):
		return nil
	}
	return badRequest(50011, "The redirect URI '%s' specified in the request does not match the redirect URIs configured for the application '%s'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how to troubleshoot this error.", redirect, client.id)
}

func fits(registered, asked string) bool {
	if registered == asked {
		return true
	}
	r, err1 := url.Parse(registered)
	a, err2 := url.Parse(asked)
	if err1 != nil || err2 != nil || r.Hostname() != "localhost" || r.Scheme != "http" || a.User != nil || a.Port() == "" {
		return false
	}
	a.Host = a.Hostname()
	r.Host = r.Hostname()
	return a.String() == r.String()
}

// judge checks the rest, whose refusals the app is told.
func (v *visit) judge(a *ask, q url.Values) *signInError {
	if e := a.judgeMode(q.Get("response_type")); e != nil {
		return e
	}
	if e := a.judgeChallenge(); e != nil {
		return e
	}
	if _, e := v.readScopes(a.Scope, v.graphRoot(a.Name)); e != nil {
		return e
	}
	switch a.Prompt {
	case "", "login", "select_account", "consent", "create":
		return nil
	case "none": // nobody is signed in at the service before they do so here
		return badRequest(50058, "Session information is not sufficient for single-sign-on.").as("login_required")
	}
	return badRequest(90023, "Unsupported 'prompt' value.")
}

func (a *ask) judgeMode(responseType string) *signInError {
	mode := a.Mode
	switch mode {
	case "": // of a code
		a.Mode = "query"
	case "query", "form_post", "fragment":
	default:
		a.Mode = "query"
		return badRequest(70007, "'%s' is not a supported value of 'response_mode' when requesting a token.", mode).as("unsupported_response_mode")
	}
	switch responseType {
	case "code":
		return nil
	case "":
		return missing("response_type")
	}
	return badRequest(700054, "response_type '%s' is not enabled for the application.", responseType).as("unsupported_response_type")
}

// judgeChallenge checks the proof key of RFC 7636.
func (a *ask) judgeChallenge() *signInError {
	switch {
	case a.Challenge == "" && a.Method == "":
		return nil
	case a.Challenge == "":
		return missing("code_challenge")
	case a.Method == "":
		a.Method = "plain"
	case a.Method != "S256" && a.Method != "plain":
		return badRequest(50149, "Invalid Code_Challenge_method parameter.")
	}
	if n := len(a.Challenge); n < 43 || n > 128 || (a.Method == "S256" && n != 43) {
		return badRequest(501491, "Invalid size of Code_Challenge parameter.")
	}
	return nil
}

// graphRoot is the Graph of the tenant of that name, or else of the site.
func (v *visit) graphRoot(name string) string {
	id := v.site.clouds[0]
	if t, ok := v.c.find(name); ok && slices.Contains(v.site.clouds, t.spec.Cloud) {
		id = t.spec.Cloud
	}
	return graphOf(id)
}

func graphOf(id account.CloudID) string { return "https://" + id.Cloud().Graph }

func appDisabled(id, name string) *signInError {
	return badRequest(7000112, "Application '%s'(%s) is disabled.", id, name).as("unauthorized_client")
}

func appNotFound(id, where string) *signInError {
	e := badRequest(700016, "Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.", id, where)
	return e.as("unauthorized_client")
}
