package entra

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// Ids that are the same in every tenant and cloud.
// Source: learn.microsoft.com/graph/permissions-reference and
// learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference.
const (
	graphApp          = "00000003-0000-0000-c000-000000000000" // Microsoft Graph
	reviewPermission  = "d07a8cc0-3d51-4b77-b3b0-32704d1f69fa" // AccessReview.Read.All, application
	reviewDelegated   = "ebfcd32b-babb-40f4-a14b-42706e83bd28" // AccessReview.Read.All, delegated
	globalReaderRole  = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
	wholeDirectory    = "/"
	graphVersion      = "/v1.0"
	mostPages         = 10
	longestText       = 120
	reviewNewestQuery = "?$top=1&$select=id,displayName,status,createdDateTime&$orderby=createdDateTime%20desc"
	reviewAnyQuery    = "?$top=1&$select=id,displayName,status,createdDateTime"
)

// What is asked of Graph's objects.
const (
	idSelect           = "?$select=id,appId,displayName"
	organizationSelect = "?$select=id,displayName,verifiedDomains"
	ownerSelect        = "?$select=id,displayName,userPrincipalName"
	registrationSelect = idSelect + ",uniqueName,createdDateTime,keyCredentials,passwordCredentials"
	applicationSelect  = idSelect + ",keyCredentials,passwordCredentials,requiredResourceAccess"
	principalSelect    = idSelect + ",keyCredentials,passwordCredentials"
	writtenSelect      = idSelect + ",keyCredentials,requiredResourceAccess"
	offeredSelect      = idSelect + ",appRoles"
	taggedSelect       = "&$select=id,appId,displayName,uniqueName,createdDateTime"
)

// What is read of Graph's objects.
type (
	organization struct {
		ID          string `json:"id"`
		DisplayName string `json:"displayName"`
		Domains     []struct {
			Name    string `json:"name"`
			Initial bool   `json:"isInitial"`
		} `json:"verifiedDomains"`
	}
	review struct {
		DisplayName string `json:"displayName"`
	}
	keyCredential struct {
		Identifier  string    `json:"customKeyIdentifier"`
		DisplayName string    `json:"displayName"`
		KeyID       string    `json:"keyId"`
		Key         string    `json:"key"`
		End         time.Time `json:"endDateTime"`
	}
	passwordCredential struct {
		DisplayName string    `json:"displayName"`
		Hint        string    `json:"hint"`
		KeyID       string    `json:"keyId"`
		End         time.Time `json:"endDateTime"`
	}
	application struct {
		ID          string               `json:"id"`
		Client      string               `json:"appId"`
		DisplayName string               `json:"displayName"`
		UniqueName  string               `json:"uniqueName"`
		Created     time.Time            `json:"createdDateTime"`
		Keys        []keyCredential      `json:"keyCredentials"`
		Passwords   []passwordCredential `json:"passwordCredentials"`
		Required    []resourceAccess     `json:"requiredResourceAccess"`
	}
	principal struct {
		ID          string               `json:"id"`
		DisplayName string               `json:"displayName"`
		Keys        []keyCredential      `json:"keyCredentials"`
		Passwords   []passwordCredential `json:"passwordCredentials"`
	}
	grant struct {
		ID           string    `json:"id"`
		Role         string    `json:"appRoleId"`
		Principal    string    `json:"principalId"`
		Resource     string    `json:"resourceId"`
		ResourceName string    `json:"resourceDisplayName"`
		Created      time.Time `json:"createdDateTime"`
	}
	roleAssignment struct {
		ID        string `json:"id"`
		Role      string `json:"roleDefinitionId"`
		Principal string `json:"principalId"`
		Scope     string `json:"directoryScopeId"`
	}
	owner struct {
		ID          string `json:"id"`
		DisplayName string `json:"displayName"`
		UPN         string `json:"userPrincipalName"`
	}
	federated struct {
		Name    string `json:"name"`
		Issuer  string `json:"issuer"`
		Subject string `json:"subject"`
	}
)

// read is one question to Graph: what came, or why nothing did.
type read[T any] struct {
	value    T
	err      error
	more     bool // there is more than was read
	date     time.Time
	evidence []account.Evidence
}

func (r read[T]) ok() bool { return r.err == nil }

// findings is what one verification read.
type findings struct {
	organization    read[[]organization]
	reviews         read[[]review]
	application     read[application]
	principal       read[principal]
	graph           read[principal] // Microsoft Graph's own in the tenant
	grants          read[[]grant]
	roles           read[[]roleAssignment]
	owners          read[[]owner]
	principalOwners read[[]owner]
	federated       read[[]federated]
}

// read asks everything side by side.
func (e *Entra) read(ctx context.Context, t account.Target, bearer rest.Bearer) findings {
	var f findings
	q := asker{e.rest, "https://" + t.Cloud.Cloud().Graph + graphVersion, bearer}
	var all sync.WaitGroup
	all.Go(func() { list(ctx, q, &f.organization, "/organization"+organizationSelect) })
	if asks(t.Provider) {
		all.Go(func() { q.newestReview(ctx, &f.reviews) })
	} else {
		f.reviews.err = &account.Problem{Kind: account.NotAsked}
	}
	all.Go(func() { q.readApp(ctx, &f, t.Link.Client, t.Link.Principal) })
	all.Wait()
	return f
}

// readApp reads what there is on an app, side by side. The role assignments are
// found by the object id of the enterprise app: where it is not known, or is
// another than was thought, they are asked for when it is.
func (q asker) readApp(ctx context.Context, f *findings, client account.ClientID, thought account.ObjectID) {
	app, sp := appByClient(client), principalByClient(client)
	var all sync.WaitGroup
	all.Go(func() {
		one(ctx, q, &f.application, app+applicationSelect)
	})
	all.Go(func() {
		one(ctx, q, &f.principal, sp+principalSelect)
	})
	all.Go(func() { list(ctx, q, &f.grants, sp+"/appRoleAssignments") })
	all.Go(func() { one(ctx, q, &f.graph, principalByClient(graphApp)+idSelect) })
	all.Go(func() { list(ctx, q, &f.owners, app+"/owners"+ownerSelect) })
	all.Go(func() { list(ctx, q, &f.principalOwners, sp+"/owners"+ownerSelect) })
	all.Go(func() { list(ctx, q, &f.federated, app+"/federatedIdentityCredentials") })
	if account.IsGUID(string(thought)) {
		all.Go(func() { list(ctx, q, &f.roles, rolesOf(string(thought))) })
	}
	all.Wait()
	switch id := f.principal.value.ID; {
	case !f.principal.ok():
		f.roles.err = f.principal.err
	case !account.IsGUID(id):
		f.roles.err = &account.Problem{Kind: account.Unexpected, Message: "the enterprise app has no object id"}
	case !strings.EqualFold(id, string(thought)):
		list(ctx, q, &f.roles, rolesOf(id))
	}
}

// asker puts questions to one cloud's Graph with one token.
type asker struct {
	rest   *rest.Client
	root   string
	bearer rest.Bearer
}

func one[T any](ctx context.Context, q asker, into *read[T], path string) {
	a, err := q.rest.GetJSON(ctx, q.root+path, q.bearer, &into.value)
	into.err, into.date = err, a.Date
	into.evidence = append(into.evidence, a.Evidence)
}

func list[T any](ctx context.Context, q asker, into *read[[]T], path string) {
	all, err := rest.Collect[T](ctx, q.rest, q.root+path, q.bearer, mostPages)
	into.value, into.more, into.err, into.date = all.Items, all.More, err, all.Date
	into.evidence = append(into.evidence, all.Evidence...)
}

// newestReview reads one access review, the newest. Ordering is documented
// without the properties it works on (learn.microsoft.com/graph/api/accessreviewset-list-definitions):
// where it is refused as a bad request, any review proves the same.
func (q asker) newestReview(ctx context.Context, into *read[[]review]) {
	const path = "/identityGovernance/accessReviews/definitions"
	for _, query := range []string{reviewNewestQuery, reviewAnyQuery} {
		var page struct {
			Value []review `json:"value"`
		}
		a, err := q.rest.GetJSON(ctx, q.root+path+query, q.bearer, &page)
		into.value, into.err, into.date = page.Value, err, a.Date
		into.evidence = append(into.evidence, a.Evidence)
		if a.Status != http.StatusBadRequest {
			return
		}
	}
}

// problemOf classifies why a read told nothing.
func problemOf(err error) *account.Problem {
	var r *rest.Refusal
	if !errors.As(err, &r) {
		return account.AsProblem(err)
	}
	switch {
	case r.Has("Authorization_IdentityNotFound"):
		return r.Problem(account.IdentitySpreading)
	case r.Has("Authorization_IdentityDisabled"):
		return r.Problem(account.AppDisabled)
	case r.Status == http.StatusUnauthorized:
		return r.Problem(account.TokenRefused)
	case r.Status == http.StatusForbidden && licence(r):
		return r.Problem(account.NotLicensed)
	case r.Status == http.StatusForbidden:
		return r.Problem(account.ReadRefused)
	}
	return r.Problem(account.Unexpected)
}

// licence tells whether the refusal is about the tenant's licence. "User does
// not have access to any of the reviews." is not: it is seen without a licence
// and without the permission.
func licence(r *rest.Refusal) bool {
	return r.Has("NoLicense") || r.Has("AadPremiumLicenseRequired") ||
		strings.Contains(strings.ToLower(r.Text), "does not meet license requirement")
}

// refused tells whether the read was refused for want of a right.
func refused(err error) bool {
	return err != nil && problemOf(err).Kind == account.ReadRefused
}

func (f findings) facts() account.Facts {
	var facts account.Facts
	if f.organization.ok() && len(f.organization.value) > 0 {
		o := f.organization.value[0]
		facts.TenantName = rest.Text(o.DisplayName, longestText)
		for _, d := range o.Domains {
			name := strings.ToLower(rest.Text(d.Name, 253))
			facts.Domains = append(facts.Domains, name)
			if d.Initial && tenantName(name) == nil {
				facts.Initial = account.Domain(name)
			}
		}
	}
	if f.principal.ok() {
		facts.AppName = rest.Text(f.principal.value.DisplayName, longestText)
		if account.IsGUID(f.principal.value.ID) {
			facts.Principal = account.ObjectID(f.principal.value.ID)
		}
	}
	if f.application.ok() {
		if name := rest.Text(f.application.value.DisplayName, longestText); name != "" {
			facts.AppName = name
		}
		if account.IsGUID(f.application.value.ID) {
			facts.Application = account.ObjectID(f.application.value.ID)
		}
	}
	if f.reviews.ok() {
		facts.ReviewsRead = true
		if len(f.reviews.value) > 0 {
			facts.Review = rest.Text(f.reviews.value[0].DisplayName, longestText)
		}
	}
	return facts
}
