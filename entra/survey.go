package entra

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// surveyLimit bounds a survey.
const surveyLimit = 45 * time.Second

// mostTagged is how many apps of ours are looked at for their owners.
const mostTagged = 20

// heldRole is a directory role that a person holds.
type heldRole struct {
	Name     string `json:"displayName"`
	Template string `json:"roleTemplateId"`
}

// offered is Microsoft Graph's own enterprise app with what it offers.
type offered struct {
	ID    string `json:"id"`
	Roles []struct {
		ID      string   `json:"id"`
		Value   string   `json:"value"`
		Members []string `json:"allowedMemberTypes"`
		Enabled bool     `json:"isEnabled"`
	} `json:"appRoles"`
}

// surveyed is what a survey read.
type surveyed struct {
	organization read[[]organization]
	roles        read[[]heldRole]
	tagged       read[[]application]
	owners       []read[[]owner] // of the first of them
	own          read[application]
	graph        read[offered]
	policy       read[managementPolicy]
	adopted      account.Adoptable
	adoptErr     error
}

// Survey looks at the tenant, who signed in and what there is of ours, side by
// side, and changes nothing. It fails where the tenant, the draft's own app or
// Microsoft Graph cannot be read, or with AppNotFound where there is no app to
// be adopted; what only tells more is left unknown. It ends within 45 seconds.
// Source: learn.microsoft.com/graph/api/organization-list,
// learn.microsoft.com/graph/api/user-list-transitivememberof,
// learn.microsoft.com/graph/api/application-list and
// learn.microsoft.com/graph/api/tenantappmanagementpolicy-get.
func (a *Administrator) Survey(ctx context.Context, wish account.SurveyWish) (account.Survey, error) {
	q, err := a.asker()
	if err != nil {
		return account.Survey{}, err
	}
	var own string
	if wish.Unique != "" {
		if own, err = byUniqueName(wish.Unique); err != nil {
			return account.Survey{}, err
		}
	}
	if wish.Adopt != "" && !account.IsGUID(string(wish.Adopt)) {
		return account.Survey{}, &account.Problem{Kind: account.InputNotID}
	}
	ctx, cancel := context.WithTimeout(ctx, surveyLimit)
	defer cancel()
	var asked rest.Record
	ctx = rest.Recorded(ctx, &asked)
	found := a.look(ctx, q, own, wish.Adopt)
	s, err := a.survey(found, own != "")
	if !asks(wish.Provider) {
		s.Rights = slices.DeleteFunc(s.Rights, func(r account.Right) bool { return r.Name == account.MayConsent })
	}
	s.Evidence = asked.Evidence()
	return s, err
}

// look asks everything side by side. Only the owners of apps of ours wait for
// the list of these.
func (a *Administrator) look(ctx context.Context, q asker, own string, adopt account.ClientID) surveyed {
	var s surveyed
	var all sync.WaitGroup
	all.Go(func() { list(ctx, q, &s.organization, "/organization"+organizationSelect) })
	all.Go(func() {
		list(ctx, q, &s.roles, "/me/transitiveMemberOf/microsoft.graph.directoryRole?$select=displayName,roleTemplateId")
	})
	all.Go(func() {
		list(ctx, q, &s.tagged, "/applications?$filter=tags/any(t:t%20eq%20'"+ourTag+"')"+taggedSelect)
		s.owners = make([]read[[]owner], min(len(s.tagged.value), mostTagged))
		for i := range s.owners {
			if id := s.tagged.value[i].ID; account.IsGUID(id) {
				all.Go(func() {
					list(ctx, q, &s.owners[i], "/applications/"+id+"/owners"+ownerSelect)
				})
			}
		}
	})
	if own != "" {
		all.Go(func() { one(ctx, q, &s.own, own+registrationSelect) })
	}
	all.Go(func() {
		one(ctx, q, &s.graph, principalByClient(graphApp)+offeredSelect)
	})
	// None of the permissions of this sign-in reads it; an app of the customer's own may have one that does.
	if a.person.Client == account.CommandLineTools {
		s.policy.err = &account.Problem{Kind: account.NotAsked}
	} else {
		all.Go(func() { one(ctx, q, &s.policy, "/policies/defaultAppManagementPolicy") })
	}
	if adopt != "" {
		all.Go(func() { s.adopted, s.adoptErr = q.adoptable(ctx, adopt, a.e) })
	}
	all.Wait()
	return s
}

func (a *Administrator) survey(f surveyed, own bool) (account.Survey, error) {
	s := account.Survey{Person: a.person, Adopted: f.adopted}
	if err := f.must(a.person.Tenant); err != nil {
		return s, err
	}
	if own && f.own.ok() {
		app, err := f.own.value.app()
		if err != nil {
			return s, err
		}
		s.Own = app
	}
	facts := findings{organization: f.organization}.facts()
	s.TenantName, s.Domains, s.Initial = facts.TenantName, facts.Domains, facts.Initial
	s.Graph, s.Permission = account.ObjectID(strings.ToLower(f.graph.value.ID)), f.graph.value.permission()
	s.RolesRead, s.TaggedRead, s.PolicyRead = f.roles.ok(), f.tagged.ok(), f.policy.ok()
	for _, r := range f.roles.value {
		s.Roles = append(s.Roles, rest.Text(r.Name, longestText))
	}
	s.Rights = f.rights()
	for i, r := range f.tagged.value {
		app, err := r.app()
		if err != nil {
			continue
		}
		if i < len(f.owners) {
			for _, o := range f.owners[i].value {
				app.Owners = append(app.Owners, line("", o.DisplayName, o.UPN, o.id()))
			}
		}
		s.Tagged = append(s.Tagged, app)
	}
	if s.PolicyRead {
		s.Life, s.TrustedOnly = f.policy.value.limits(a.e.now())
	}
	return s, nil
}

// must is why a survey cannot be made. Who may not even read has no role that
// would do for any of the changes; one does for all of them.
func (f surveyed) must(tenant account.TenantID) error {
	for _, err := range []error{f.organization.err, f.graph.err, f.adoptErr} {
		if err != nil {
			return changeProblem(err, globalAdministrator)
		}
	}
	if f.own.err != nil && !gone(f.own.err) {
		return changeProblem(f.own.err, globalAdministrator)
	}
	switch o := f.organization.value; {
	case len(o) != 1 || !account.IsGUID(o[0].ID) || !account.IsGUID(f.graph.value.ID):
		return &account.Problem{Kind: account.Unexpected, Message: "the answer does not name the tenant"}
	case !strings.EqualFold(o[0].ID, string(tenant)):
		return &account.Problem{Kind: account.WrongTenant, Subject: strings.ToLower(o[0].ID)}
	}
	return nil
}

// permission tells whether Microsoft Graph offers what the link needs.
func (o offered) permission() account.CheckState {
	for _, r := range o.Roles {
		if strings.EqualFold(r.ID, reviewPermission) && r.Enabled && slices.Contains(r.Members, "Application") {
			return account.Holds
		}
	}
	return account.Missing
}

// roleIDs are the directory roles that count here, by name.
// Source: learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference.
var roleIDs = map[string]string{
	"Global Reader":       globalReaderRole,
	globalAdministrator:   "62e90394-69f5-4237-9190-012177145e10",
	roleAdministrator:     "e8611ab8-c189-46e8-94e1-60213ab1f814",
	appAdministrator:      "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
	cloudAppAdministrator: "158c047a-c907-4556-b7ef-446551a6b5f7",
	appDeveloper:          "cf1c38e5-3621-4004-a7cb-879624dced7c",
}

// roleName is the name of a role; empty for one that does not count here.
func roleName(id string) string {
	for name, is := range roleIDs {
		if strings.EqualFold(is, id) {
			return name
		}
	}
	return ""
}

// given are the roles that give each right, the least first. A tenant may let
// every user register an app, but its enterprise app takes one of the roles all
// the same, so that without one nobody gets further than the registration.
// Source: learn.microsoft.com/graph/api/serviceprincipal-upsert, learn.microsoft.com/graph/permissions-grant-via-msgraph,
// learn.microsoft.com/entra/identity/role-based-access-control/delegate-by-task and
// learn.microsoft.com/graph/api/directory-deleteditems-delete.
var given = []account.Right{
	{Name: account.MayRegister, Roles: []string{appDeveloper, cloudAppAdministrator, appAdministrator, globalAdministrator}},
	{Name: account.MayConsent, Roles: []string{roleAdministrator, globalAdministrator}},
	{Name: account.MayAssign, Roles: []string{roleAdministrator, globalAdministrator}},
	{Name: account.MayPurge, Roles: []string{appAdministrator, globalAdministrator}},
}

// rights tells which of them the person has.
func (f surveyed) rights() []account.Right {
	all := slices.Clone(given)
	for i, r := range all {
		all[i].Roles = slices.Clone(r.Roles)
		all[i].State = account.Missing
		if !f.roles.ok() || f.roles.more {
			all[i].State = account.Unknown
		}
		if slices.ContainsFunc(f.roles.value, func(h heldRole) bool {
			return slices.ContainsFunc(r.Roles, func(name string) bool { return strings.EqualFold(roleIDs[name], h.Template) })
		}) {
			all[i].State = account.Holds
		}
	}
	return all
}

// managementPolicy is the tenant's default policy for apps.
type managementPolicy struct {
	Enabled bool `json:"isEnabled"`
	Apps    struct {
		Keys []keyRestriction `json:"keyCredentials"`
	} `json:"applicationRestrictions"`
}

type keyRestriction struct {
	Type  string    `json:"restrictionType"`
	State string    `json:"state"`
	Life  string    `json:"maxLifetime"`
	After time.Time `json:"restrictForAppsCreatedAfterDateTime"`
}

// limits are what the policy says of an app made now: how long its
// certificates may live, 0 for no limit, and whether only those of trusted
// authorities are taken, which v1.0 does not declare and may tell all the same.
// Source: learn.microsoft.com/graph/api/resources/keycredentialconfiguration.
func (p managementPolicy) limits(now time.Time) (life time.Duration, trusted bool) {
	for _, r := range p.Apps.Keys {
		switch {
		case !p.Enabled, strings.EqualFold(r.State, "disabled"), r.After.After(now):
		case strings.EqualFold(r.Type, "trustedCertificateAuthority"):
			trusted = true
		case strings.EqualFold(r.Type, "asymmetricKeyLifetime"):
			if d := isoLife(r.Life); d > 0 && (life == 0 || d < life) {
				life = d
			}
		}
	}
	return life, trusted
}

var isoDuration = account.Lazily(`^P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})(?:\.\d+)?S)?)?$`)

// isoLife is an ISO 8601 duration, months and years by their shortest; 0 where
// it cannot be read.
func isoLife(text string) (d time.Duration) {
	const day = 24 * time.Hour
	for i, part := range isoDuration().FindStringSubmatch(text) {
		if n, err := strconv.Atoi(part); err == nil && i > 0 {
			d += time.Duration(n) * []time.Duration{365 * day, 28 * day, day, time.Hour, time.Minute, time.Second}[i-1]
		}
	}
	return d
}
