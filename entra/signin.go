package entra

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// delegated are the permissions that a person's sign-in for Microsoft Graph asks
// for; impersonation is the one there is for Azure Resource Manager.
// Source: learn.microsoft.com/graph/permissions-reference and
// learn.microsoft.com/rest/api/azure.
var delegated = []string{"Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.Directory", "User.Read"}

const impersonation = "user_impersonation"

const (
	// signInLimit is how long a browser's answer is awaited.
	signInLimit = 10 * time.Minute
	// redeemLimit bounds what follows a person's sign-in, and what comes before it.
	redeemLimit = 90 * time.Second
)

// signIn is one person's sign-in under way.
type signIn struct {
	e      *Entra
	wish   account.SignInWish
	cloud  account.Cloud
	scopes []string
	way    *polite
	app    public.Client
	asked  rest.Record
}

// newSignIn prepares a sign-in to the tenant that was named, never to "common".
func (e *Entra) newSignIn(wish account.SignInWish) (*signIn, error) {
	if wish.Client == "" {
		wish.Client = wish.For.Client()
	}
	if !account.IsGUID(string(wish.Tenant)) || !account.IsGUID(string(wish.Client)) {
		return nil, &account.Problem{Kind: account.InputNotID}
	}
	s := &signIn{e: e, wish: wish, cloud: wish.Cloud.Cloud()}
	permissions := delegated
	if wish.For == account.ResourceManager {
		permissions = []string{impersonation}
	}
	for _, d := range permissions {
		s.scopes = append(s.scopes, "https://"+hostOf(wish.For, s.cloud)+"/"+d)
	}
	s.way = &polite{http: e.web(s.cloud.Login)}
	var err error
	s.app, err = public.New(string(wish.Client),
		public.WithAuthority("https://"+s.cloud.Login+"/"+string(wish.Tenant)),
		public.WithHTTPClient(s.way),
		public.WithInstanceDiscovery(false))
	if err != nil {
		return nil, &account.Problem{Kind: account.Unexpected, Message: "the sign-in library refused its settings", Err: err}
	}
	return s, nil
}

// SignIn has a person sign in for the resource that is wished for, in one of the
// two ways; tell gets what the person has to be shown. Nothing of the sign-in is
// kept but the access token.
//
// Problems: those of the sign-in and of the way there, WrongTenantSignedIn,
// Cancelled; PortTaken and SignInNotMade in a browser here; DeviceCodeOver and
// DeviceCodeDeclined with a code. ClientUnfit where the app that people sign in
// to is one of Microsoft's that may not act there.
func (e *Entra) SignIn(ctx context.Context, way account.SignInWay, wish account.SignInWish, tell func(account.SignInPrompt)) (*Session, error) {
	if way == account.ByDeviceCode {
		return e.byDevice(ctx, wish, tell)
	}
	return e.inBrowser(ctx, wish, tell)
}

// SignInGraph is SignIn for Microsoft Graph, whatever is wished for, of somebody
// who administers the tenant.
func (e *Entra) SignInGraph(ctx context.Context, way account.SignInWay, wish account.SignInWish, tell func(account.SignInPrompt)) (*Administrator, error) {
	wish.For = account.MicrosoftGraph
	s, err := e.SignIn(ctx, way, wish, tell)
	if err != nil {
		return nil, err
	}
	return &Administrator{s, e, wish.Cloud.Cloud()}, nil
}

// inBrowser is a sign-in with a browser on this machine, or at the end of a
// tunnel to it. It listens on the loopback address until the browser brings the
// answer, ten minutes at most; tell gets the address to be opened as soon as it
// can be.
// Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow.
func (e *Entra) inBrowser(ctx context.Context, wish account.SignInWish, tell func(account.SignInPrompt)) (*Session, error) {
	s, err := e.newSignIn(wish)
	if err != nil {
		return nil, err
	}
	l, err := listenLoopback()
	if err != nil {
		return nil, err
	}
	defer l.close()
	state, verifier := unguessable(), unguessable()
	address, err := s.address(ctx, l.redirect(), state, verifier)
	if err != nil {
		return nil, err
	}
	tell(account.SignInPrompt{Way: account.InBrowser, URL: address, Port: l.port, Expires: e.now().Add(signInLimit)})
	code, err := s.brought(ctx, l, state)
	if err != nil {
		return nil, err
	}
	return s.redeem(ctx, code, l.redirect(), verifier)
}

// brought waits for the code that the browser brings.
func (s *signIn) brought(ctx context.Context, l *loopback, state string) (string, error) {
	waiting, cancel := context.WithTimeout(ctx, signInLimit)
	defer cancel()
	a, err := l.await(waiting, state)
	switch {
	case ctx.Err() != nil:
		return "", rest.Ended(ctx.Err())
	case err != nil:
		return "", &account.Problem{Kind: account.SignInNotMade}
	case a.code == "":
		return "", a.refusal.as(a.refusal.personKind(), s.e.now())
	}
	return a.code, nil
}

// unguessable is 256 random bits as text, fit for a state and for a verifier of RFC 7636.
func unguessable() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// address is where the browser is sent. The library leaves the state, the
// challenge and the form as the way back to its caller.
func (s *signIn) address(ctx context.Context, redirect, state, verifier string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, redeemLimit)
	defer cancel()
	var options []public.AuthCodeURLOption
	if s.wish.Hint != "" {
		options = append(options, public.WithLoginHint(account.Clean(s.wish.Hint, 254)))
	}
	scopes := append([]string{"openid", "profile", "offline_access"}, s.scopes...)
	text, err := s.app.AuthCodeURL(rest.Recorded(ctx, &s.asked), string(s.wish.Client), redirect, scopes, options...)
	if err != nil {
		return "", s.problem(ctx, err)
	}
	if err := ownEndpoint(text, s.cloud, s.wish.Tenant); err != nil {
		return "", err
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", &account.Problem{Kind: account.Unexpected, Subject: s.cloud.Login, Message: "the sign-in address cannot be read"}
	}
	challenge := sha256.Sum256([]byte(verifier))
	q := u.Query()
	q.Set("state", state)
	q.Set("code_challenge", base64.RawURLEncoding.EncodeToString(challenge[:]))
	q.Set("code_challenge_method", "S256")
	q.Set("response_mode", "form_post")
	q.Set("prompt", "select_account")
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// redeem gets the token for an authorization code. A code is good once: where
// the answer to that is lost, asking again says so and changes nothing.
func (s *signIn) redeem(ctx context.Context, code, redirect, verifier string) (*Session, error) {
	ctx, cancel := context.WithTimeout(ctx, redeemLimit)
	defer cancel()
	result, err := s.app.AcquireTokenByAuthCode(rest.Idempotent(rest.Recorded(ctx, &s.asked)), code, redirect, s.scopes, public.WithChallenge(verifier))
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return s.session(ctx, result)
}

// session is who signed in. The token's tenant, told by the ID token
// that came over TLS from the sign-in service itself, must be the one named.
func (s *signIn) session(ctx context.Context, r public.AuthResult) (*Session, error) {
	_ = s.app.RemoveAccount(ctx, r.Account) // the library's own copy; there is nothing to be done about an error
	tenant := account.TenantID(strings.ToLower(r.IDToken.TenantID))
	switch {
	case !account.IsGUID(string(tenant)) || !account.IsGUID(r.IDToken.Oid):
		return nil, &account.Problem{Kind: account.Unexpected, Subject: s.cloud.Login, Message: "the answer does not name who signed in"}
	case !strings.EqualFold(string(tenant), string(s.wish.Tenant)):
		return nil, &account.Problem{Kind: account.WrongTenantSignedIn, Subject: string(tenant)}
	}
	p := account.Person{
		ID: account.ObjectID(strings.ToLower(r.IDToken.Oid)), Tenant: tenant, Client: s.wish.Client,
		Name: rest.Text(r.IDToken.Name, longestText), UPN: rest.Text(r.IDToken.PreferredUsername, longestText),
	}
	bearer := rest.NewBearer(r.AccessToken, hostOf(s.wish.For, s.cloud), string(tenant)+"/"+string(p.ID))
	return &Session{person: p, bearer: bearer}, nil
}

// problem says why a sign-in ended without a token. As tokenProblem, it keeps
// nothing of the library's errors, which hold codes and the verifier.
func (s *signIn) problem(ctx context.Context, err error) *account.Problem {
	last, _ := s.asked.Last()
	var known *account.Problem
	switch {
	case errors.As(err, &known):
		return known
	case strings.Contains(err.Error(), "declined scopes"):
		return &account.Problem{Kind: account.ConsentDeclined, RequestID: last.RequestID}
	}
	if r, ok := refusalOf(err, last); ok {
		return r.as(r.personKind(), s.e.now())
	}
	return unanswered(ctx, err, s.cloud.Login, last)
}

func localhost(port int) string { return "localhost:" + strconv.Itoa(port) }
