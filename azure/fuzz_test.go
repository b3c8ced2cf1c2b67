package azure

import (
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/entra"
	"github.com/axiomio/xops-onboard/internal/hostile"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// says is a service with one answer.
type says struct {
	status int
	body   string
}

func (s says) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: s.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(s.body)), Request: r}, nil
}

// refusalOf is how an answer is refused.
func refusalOf(t *testing.T, status int, body string) error {
	t.Helper()
	c, err := rest.New(rest.Options{Transport: says{status, body}})
	if err != nil {
		t.Fatal(err)
	}
	var into any
	_, err = c.GetJSON(t.Context(), "https://management.azure.com/subscriptions", rest.Bearer{}, &into)
	return err
}

// FuzzRefusal: whatever a service says becomes a Problem of a known kind, in
// which nothing is left that could draw over a screen or be a token.
func FuzzRefusal(f *testing.F) {
	for _, seed := range []string{
		`{"error":{"code":"AuthorizationFailed","message":"The client 'a' with object id 'b' does not have authorization to perform action 'X/read' over scope '/s' or the scope is invalid."}}`,
		`{"error":{"code":"InvalidAuthenticationTokenTenant","message":"must match the tenant 'https://sts.windows.net/aaaabbbb-0000-cccc-1111-dddd2222eeee/'"}}`,
		`{"error":{"code":"SubscriptionNotFound","message":"The subscription 'x\u001b[2J' could not be found."}}`,
		`{"error":{"code":"RoleAssignmentExists","message":"The ID of the existing role assignment is 314eb860f90c493baa0c55e4226c2d34."}}`,
		`{"error":{"code":"NotFound","message":"'x' not found","details":"a text"}}`, `{"error":"x"}`, `{}`, `[]`, `null`, `{"error":{"code":1,"message":{"value":"eyJhbGciOiJSUzI1NiJ9.eyJh.x"}}}`,
	} {
		for _, status := range []int{400, 401, 403, 404, 409} {
			f.Add(status, seed)
		}
	}
	token := regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 400 || status > 499 || status == 407 || status == 408 || status == 429 {
			return
		}
		err := refusalOf(t, status, body)
		for _, w := range []whose{apps, persons} {
			p := problemOf(err, w)
			if p == nil || p.Kind == "" {
				t.Fatalf("%q: %+v", body, p)
			}
			for _, s := range []string{p.Subject, p.Code, p.Message} {
				if !utf8.ValidString(s) || strings.ContainsAny(s, "\x1b\n\r\x00\u202e") || token.MatchString(s) || len(s) > 2000 {
					t.Errorf("%q is kept of %q", s, body)
				}
			}
			if p.Kind == account.WrongTenant && p.Subject != "" && !account.IsGUID(p.Subject) {
				t.Errorf("tenant %q", p.Subject)
			}
		}
		if name := existing(err); name != "" && !assignmentID().MatchString(assignments+"/"+name) {
			t.Errorf("existing %q", name)
		}
		var r *rest.Refusal
		if errors.As(err, &r) && refused(err) && kindOf(r, persons) != account.AzureRoleMissing {
			t.Error("refused, and of another kind")
		}
	})
}

// What Azure Resource Manager answers, for what is to be changed of it.
const (
	groupsAnswer      = `{"value":[{"id":"/providers/Microsoft.Management/managementGroups/prod","type":"Microsoft.Management/managementGroups","name":"prod","properties":{"tenantId":"aaaabbbb-0000-cccc-1111-dddd2222eeee","displayName":"Production","parent":{"id":"/providers/Microsoft.Management/managementGroups/x"}}}],"@nextLink":"x"}`
	assignmentsAnswer = `{"value":[{"id":"/providers/Microsoft.Management/managementGroups/prod/providers/Microsoft.Authorization/roleAssignments/0c1d2e3f-0000-4000-8000-000000000001","properties":{"roleDefinitionId":"/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7","principalId":"x","principalType":"ServicePrincipal","scope":"/providers/Microsoft.Management/managementGroups/prod","condition":null}}],"nextLink":"https://management.azure.com/next?$skiptoken=1"}`
	definitionAnswer  = `{"value":[{"id":"/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7","name":"acdd72a7-3385-48ef-bd42-f606fba81ae7","properties":{"roleName":"Reader","type":"BuiltInRole","permissions":[{"actions":["*/read"],"notActions":[],"dataActions":[],"notDataActions":["*"]}],"assignableScopes":["/"]}}]}`
	vaultsAnswer      = `{"value":[{"id":"/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/v","name":"v","type":"Microsoft.KeyVault/vaults","properties":{"enableRbacAuthorization":false,"vaultUri":"https://v.vault.azure.net/"}}],"subscriptionId":"11111111-1111-4111-8111-111111111111","state":"Enabled","displayName":"Shop"}`
	deniedAnswer      = `{"error":{"code":"AuthorizationFailed","message":"The client 'a' with object id 'b' does not have authorization to perform action 'X/read' over scope '/s' or the scope is invalid."}}`
)

// answered runs f against a tape with one answer changed, in a bubble, and holds that
// what comes of it is sound and came to an end.
func answered(t *testing.T, tape *hostile.Tape, c hostile.Change, f func(t *testing.T, client *rest.Client) []any) {
	t.Helper()
	tape.Answered(t, c, 2*time.Hour, func(t *testing.T, way http.RoundTripper) []any {
		client, err := rest.New(rest.Options{Transport: way, Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		return f(t, client)
	})
}

// FuzzSee answers one call of a look at what an account sees, or every one, with
// anything. The checks are told all the same.
func FuzzSee(f *testing.F) {
	hostile.Seeds(f, 14, groupsAnswer, assignmentsAnswer, definitionAnswer, vaultsAnswer, deniedAnswer)
	var tape hostile.Tape
	var e *estate
	f.Fuzz(func(t *testing.T, at uint8, place, status uint16, raw bool, text string) {
		if e == nil {
			in(t, func(t *testing.T, made *estate) {
				e = made
				e.assign(e.prod, account.AzureReader)
				e.target.Vaults = true
				c, err := rest.New(rest.Options{Transport: tape.Record(e.cloud.Client().Transport)})
				e.must(err)
				e.azure = New(c, entra.New(c, nil), nil)
				e.see()
			})
		}
		answered(t, &tape, hostile.Changed(at, place, status, raw, text), func(t *testing.T, c *rest.Client) []any {
			checks, facts := New(c, entra.New(c, nil), nil).See(t.Context(), e.target, keyOf())
			hostile.Told(t, account.Report{Checks: checks}, 4)
			return []any{checks, facts}
		})
	})
}

// FuzzAdministration does it of what a person sees and changes in Azure.
func FuzzAdministration(f *testing.F) {
	hostile.Seeds(f, 24, groupsAnswer, assignmentsAnswer, definitionAnswer, deniedAnswer, `{"error":{"code":"PrincipalNotFound","message":"Principal x does not exist in the directory y."}}`)
	var tape hostile.Tape
	var e *estate
	var admin *Administrator
	all := func(t *testing.T, a *Administrator) (out []any) {
		ctx := t.Context()
		tell := func(p account.Pause) { out = append(out, p) }
		survey, err := a.SurveyAzure(ctx)
		calls, elevated := a.Elevate(ctx)
		is, more, unknown := a.Elevated(ctx)
		got, trail, failed := a.Assign(ctx, e.prod, account.AzureReader, e.principal(), tell)
		found, seen, unseen := a.FindAssignment(ctx, e.prod, account.AzureReader, e.principal())
		gone, left := a.Unassign(ctx, got.ID, tell)
		down, up := a.StepDown(ctx, time.Now(), tell)
		return append(out, survey, err, calls, elevated, is, more, unknown, got, trail, failed, found, seen, unseen, gone, left, down, up)
	}
	f.Fuzz(func(t *testing.T, at uint8, place, status uint16, raw bool, text string) {
		if e == nil {
			in(t, func(t *testing.T, made *estate) {
				e = made
				admin = e.signIn(boss).(*Administrator)
				c, err := rest.New(rest.Options{Transport: tape.Record(e.cloud.Client().Transport)})
				e.must(err)
				all(t, &Administrator{c, admin.root, admin.session, time.Now})
			})
		}
		answered(t, &tape, hostile.Changed(at, place, status, raw, text), func(t *testing.T, c *rest.Client) []any {
			return all(t, &Administrator{c, admin.root, admin.session, time.Now})
		})
	})
}

// FuzzGlob: a pattern fits what a regular expression of it fits, whatever stands
// in it.
func FuzzGlob(f *testing.F) {
	for _, seed := range [][2]string{
		{"*", "a"},
		{"*/read", "Microsoft.Compute/vm/READ"},
		{"Microsoft.Authorization/*/Delete", "microsoft.authorization/x/delete"},
		{"**", ""},
		{"a*a", "a"},
		{"a*b*c", "abc"},
		{"(.*", "(.x"},
		{".*/read", "x/read"},
		{"\\", "\\"},
		{"", ""},
		{"*ab*ab", "abab"},
		{"*\ue000", "x"},
		{"*ab*ab*", "xab"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, operation string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(operation) {
			return
		}
		lower := strings.ToLower(pattern)
		want := regexp.MustCompile("(?s)^" + strings.ReplaceAll(regexp.QuoteMeta(lower), `\*`, ".*") + "$").MatchString(strings.ToLower(operation))
		if got := matches(pattern, operation); got != want {
			t.Errorf("%q and %q: %v, want %v", pattern, operation, got, want)
		}
	})
}

// FuzzBeyondRead: a role that is said to read alone allows no operation that is
// none, and one that reads all allows every read.
func FuzzBeyondRead(f *testing.F) {
	for _, seed := range [][3]string{
		{"*/read", "", "Microsoft.Compute/virtualMachines/start/action"},
		{"*", "*/write,*/delete,*/action", "a/b/write"},
		{"Microsoft.Support/*", "Microsoft.Support/*/write", "Microsoft.Support/write"},
		{"*", "*/write", "x/delete"},
		{"Microsoft.Authorization/*/read,*", "*", "x/write"},
		{"a/*b", "", "a/xb"},
		{"a/w*", "a/w*/write,a/w*/delete,a/w*/action", "a/write"},
		{"a/write*", "a/write*/write,a/write*/delete,a/write*/action", "a/write"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, actions, taken, operation string) {
		if strings.Contains(actions+taken+operation, something) || strings.Contains(operation, "*") || operation == "" {
			return
		}
		d := builtIn("x", permission{Actions: strings.Split(actions, ","), NotActions: strings.Split(taken, ",")})
		lower := strings.ToLower(operation)
		changes := slices.ContainsFunc([]string{"/write", "/delete", "/action"}, func(s string) bool { return strings.HasSuffix(lower, s) })
		if changes && d.allows(operation) && len(d.beyondRead(nil)) == 0 {
			t.Errorf("%q less %q allows %q and is said to read", actions, taken, operation)
		}
		if strings.HasSuffix(lower, "/read") && strings.Count(operation, "/") > 1 && d.readsAll() && !d.allows(operation) {
			t.Errorf("%q less %q is said to read all, and not %q", actions, taken, operation)
		}
	})
}

func TestRoleGlobs(t *testing.T) {
	for _, c := range []struct {
		actions, not []string
		beyond       int
		all          bool
	}{
		{[]string{"*/read"}, nil, 0, true},
		{[]string{"*"}, nil, 1, true},
		{[]string{"*"}, []string{"*/write", "*/delete", "*/action"}, 0, true},
		{[]string{"*"}, []string{"*/write", "*/delete"}, 1, true},
		{[]string{"Microsoft.Support/*"}, []string{"Microsoft.Support/*/write", "Microsoft.Support/*/delete", "Microsoft.Support/*/action"}, 1, false}, // Microsoft.Support/write is left
		{[]string{"*/write"}, []string{"Microsoft.Compute/*"}, 1, false},
		{[]string{"Microsoft.Compute/virtualMachines/write"}, []string{"Microsoft.Compute/*"}, 0, false},
		{[]string{"a/b/READ", "*/Read"}, nil, 0, true},
		{[]string{"*/readers"}, nil, 1, false},
		{nil, nil, 0, false},
	} {
		d := builtIn("x", permission{Actions: c.actions, NotActions: c.not})
		if got := d.beyondRead(nil); len(got) != c.beyond || d.readsAll() != c.all {
			t.Errorf("%v less %v: beyond %v, reads all %v", c.actions, c.not, got, d.readsAll())
		}
	}
}

// TestProblems: every code that is told of has its kind, for an app and for a person.
func TestProblems(t *testing.T) {
	for _, c := range []struct {
		status      int
		code, text  string
		app, person account.Kind
		subject     string
	}{
		{403, "AuthorizationFailed", "does not have authorization to perform action 'A/b/read' over scope '/s' or the scope is invalid.", account.AzureRoleMissing, account.AzureRoleMissing, "A/b/read at /s"},
		{403, "LinkedAuthorizationFailed", "no", account.AzureRoleMissing, account.AzureRoleMissing, ""},
		{403, "DenyAssignmentAuthorizationFailed", "no", account.AssignmentLocked, account.AssignmentLocked, ""},
		{409, "ScopeLocked", "no", account.AssignmentLocked, account.AssignmentLocked, ""},
		{403, "RequestDisallowedByPolicy", "no", account.AssignmentLocked, account.AssignmentLocked, ""},
		{409, "ReadOnlyDisabledSubscription", "no", account.AssignmentLocked, account.AssignmentLocked, ""},
		{404, "SubscriptionNotFound", "The subscription 'x' could not be found.", account.ScopeNotFound, account.ScopeNotFound, "x"},
		{400, "InvalidSubscriptionId", "The provided subscription identifier 'x' is malformed or invalid.", account.ScopeNotFound, account.ScopeNotFound, "x"},
		{404, "NotFound", "'/providers/Microsoft.Management/managementGroups/x' not found", account.ScopeNotFound, account.ScopeNotFound, "x"},
		{400, "PrincipalNotFound", "no", account.PrincipalSpreading, account.PrincipalSpreading, ""},
		{400, "UnmatchedPrincipalType", "no", account.PrincipalWrong, account.PrincipalWrong, ""},
		{400, "InvalidPrincipalId", "no", account.PrincipalWrong, account.PrincipalWrong, ""},
		{400, "RoleAssignmentLimitExceeded", "no", account.AssignmentsFull, account.AssignmentsFull, ""},
		{401, "InvalidAuthenticationTokenTenant", "must match the tenant 'https://sts.windows.net/AAAABBBB-0000-cccc-1111-dddd2222eeee/' associated", account.WrongTenant, account.WrongTenant, "aaaabbbb-0000-cccc-1111-dddd2222eeee"},
		{401, "InvalidAuthenticationToken", "no", account.TokenRefused, account.SignInOver, ""},
		{401, "ExpiredAuthenticationToken", "no", account.TokenRefused, account.SignInOver, ""},
		{400, "BadRequest", "Reader level access is required on the management group or group ancestors.", account.AzureRoleMissing, account.AzureRoleMissing, ""},
		{400, "InvalidResourceType", "no", account.Unexpected, account.Unexpected, ""},
	} {
		err := refusalOf(t, c.status, `{"error":{"code":"`+c.code+`","message":"`+c.text+`"}}`)
		for w, want := range map[whose]account.Kind{apps: c.app, persons: c.person} {
			if p := problemOf(err, w); p.Kind != want || p.Subject != c.subject || p.Code != c.code || p.Status != c.status {
				t.Errorf("%s: %+v, want %s %q", c.code, p, want, c.subject)
			}
		}
	}
}
