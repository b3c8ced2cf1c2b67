package simcloud

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

func (d *directory) sortedApps() []*application {
	return slices.SortedFunc(maps.Values(d.apps), func(x, y *application) int { return strings.Compare(x.id, y.id) })
}

func (d *directory) sortedPrincipals() []*principal {
	return slices.SortedFunc(maps.Values(d.principals), func(x, y *principal) int { return strings.Compare(x.id, y.id) })
}

// holding is the principal of that id, if there is one: what a filter by it
// leaves, without a look at all the others.
func (d *directory) holding(id string) []*principal {
	if p, ok := d.principalByID(id); ok {
		return []*principal{p}
	}
	return nil
}

func (d *directory) sortedUsers() []*user {
	return slices.SortedFunc(maps.Values(d.users), func(x, y *user) int { return strings.Compare(x.id, y.id) })
}

// person is holding for people.
func (d *directory) person(id string) []*user {
	if u, ok := d.users[strings.ToLower(id)]; ok {
		return []*user{u}
	}
	return nil
}

// organization is the tenant.
// Source: learn.microsoft.com/graph/api/resources/organization.
func (g *call) organization() object {
	plans := []object{}
	if g.t.spec.Licensed {
		plans = append(plans, object{"assignedDateTime": "2022-04-03T02:46:42Z", "capabilityStatus": "Enabled", "service": "AADPremiumService", "servicePlanId": "eec0eb4f-6444-4f95-aba0-50c24d67f998"})
	}
	domains := []object{}
	for i, name := range append([]string{g.t.spec.Initial}, g.t.spec.Domains...) {
		domains = append(domains, object{"capabilities": "Email, OfficeCommunicationsOnline", "isDefault": g.t.isDefault(i), "isInitial": i == 0, "name": name, "type": "Managed"})
	}
	return object{
		"id": g.t.spec.ID, "deletedDateTime": nil, "displayName": g.t.spec.Name, "tenantType": "AAD",
		"city": nil, "country": nil, "countryLetterCode": country(g.t), "createdDateTime": "2021-08-02T10:30:06Z",
		"defaultUsageLocation": nil, "onPremisesLastSyncDateTime": nil, "onPremisesSyncEnabled": nil, "partnerTenantType": nil,
		"postalCode": nil, "preferredLanguage": "en", "privacyProfile": nil, "state": nil, "street": nil,
		"businessPhones": []string{}, "marketingNotificationEmails": []string{}, "technicalNotificationMails": []string{},
		"securityComplianceNotificationMails": []string{}, "securityComplianceNotificationPhones": []string{},
		"assignedPlans": plans, "provisionedPlans": []object{}, "verifiedDomains": domains,
	}
}

// isDefault tells whether the i-th verified domain, the initial one being 0, is
// the default one.
func (t *Tenant) isDefault(i int) bool { return i == min(1, len(t.spec.Domains)) }

func country(t *Tenant) string {
	switch t.spec.Cloud {
	case account.USGov, account.USGovDoD:
		return "US"
	case account.China:
		return "CN"
	}
	return "NL"
}

func (g *call) domains() []object {
	var all []object
	for i, name := range append([]string{g.t.spec.Initial}, g.t.spec.Domains...) {
		all = append(all, object{
			"id": name, "authenticationType": "Managed", "availabilityStatus": nil, "isAdminManaged": true,
			"isDefault": g.t.isDefault(i), "isInitial": i == 0, "isRoot": true, "isVerified": true, "manufacturer": nil, "model": nil,
			"passwordNotificationWindowInDays": 14, "passwordValidityPeriodInDays": 2147483647, "state": nil, "supportedServices": []string{"Email", "OfficeCommunicationsOnline"},
		})
	}
	return all
}

// application is an app registration as a recorded answer has it. The keys
// themselves come only where a single object is asked for its keyCredentials.
// Source: learn.microsoft.com/graph/api/resources/application and
// learn.microsoft.com/graph/api/resources/keycredential.
func (g *call) application(a *application, withKeys bool) object {
	keys := []object{}
	for _, k := range a.keys {
		keys = append(keys, keyObject(k, withKeys))
	}
	var public any
	if a.public {
		public = true
	}
	return object{
		"id": a.id, "deletedDateTime": nil, "appId": a.client, "applicationTemplateId": nil, "disabledByMicrosoftStatus": nil,
		"createdDateTime": stamp(a.created), "displayName": a.name, "description": a.texts["description"], "groupMembershipClaims": nil,
		"identifierUris": []string{}, "isDeviceOnlyAuthSupported": nil, "isFallbackPublicClient": public, "notes": a.texts["notes"],
		"publisherDomain": g.t.spec.Initial, "serviceManagementReference": a.texts["serviceManagementReference"], "signInAudience": a.audience, "tags": texts(a.tags),
		"tokenEncryptionKeyId": nil, "uniqueName": orNull(a.uniqueName), "defaultRedirectUri": nil, "certification": nil, "optionalClaims": nil, "addIns": []object{},
		"api":      object{"acceptMappedClaims": nil, "knownClientApplications": []string{}, "requestedAccessTokenVersion": nil, "oauth2PermissionScopes": []object{}, "preAuthorizedApplications": []object{}},
		"appRoles": []object{}, "info": noInfo(), "keyCredentials": keys,
		"parentalControlSettings": object{"countriesBlockedForMinors": []string{}, "legalAgeGroupRule": "Allow"},
		"passwordCredentials":     secretObjects(a.secrets), "publicClient": object{"redirectUris": texts(a.redirects)},
		"requiredResourceAccess": requested(a), "verifiedPublisher": noPublisher(),
		"web": object{"homePageUrl": nil, "logoutUrl": nil, "redirectUris": []string{}, "redirectUriSettings": []object{}, "implicitGrantSettings": object{"enableAccessTokenIssuance": false, "enableIdTokenIssuance": false}},
		"spa": object{"redirectUris": []string{}},
	}
}

// texts are never null in an answer.
func texts(all []string) []string { return append([]string{}, all...) }

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func keyObject(k certificate, withKey bool) object {
	o := object{
		"customKeyIdentifier": k.thumbprint(), "displayName": k.name, "endDateTime": stamp(k.end), "key": nil, "keyId": k.keyID,
		"startDateTime": stamp(k.start), "type": "AsymmetricX509Cert", "usage": "Verify",
	}
	if withKey {
		o["key"] = base64.StdEncoding.EncodeToString(k.der)
	}
	return o
}

func secretObjects(secrets []secret) []object {
	all := []object{}
	for _, s := range secrets {
		all = append(all, object{"customKeyIdentifier": nil, "displayName": s.name, "endDateTime": stamp(s.end), "hint": "q_8", "keyId": s.keyID, "secretText": nil, "startDateTime": stamp(s.start)})
	}
	return all
}

// requested is the wish list, by resource in the order they came.
func requested(a *application) []object {
	all := []object{}
	at := map[string]int{}
	for _, p := range a.requested {
		typ := "Role"
		if p.kind == Delegated {
			typ = "Scope"
		}
		i, ok := at[p.of()]
		if !ok {
			i = len(all)
			at[p.of()] = i
			all = append(all, object{"resourceAppId": p.of(), "resourceAccess": []object{}})
		}
		all[i]["resourceAccess"] = append(all[i]["resourceAccess"].([]object), object{"id": p.id, "type": typ})
	}
	return all
}

func noInfo() object {
	return object{"logoUrl": nil, "marketingUrl": nil, "privacyStatementUrl": nil, "supportUrl": nil, "termsOfServiceUrl": nil}
}

func noPublisher() object {
	return object{"displayName": nil, "verifiedPublisherId": nil, "addedDateTime": nil}
}

// principal is an enterprise app as a recorded answer has it. Its own
// keyCredentials stay empty: credentials live on the application.
// Source: learn.microsoft.com/graph/api/resources/serviceprincipal.
func (g *call) principal(p *principal) object {
	o := principalObject(p.id, p.client, p.name)
	o["accountEnabled"] = !p.disabled
	o["appOwnerOrganizationId"] = g.t.spec.ID
	o["createdDateTime"] = stamp(p.created)
	o["signInAudience"] = "AzureADMyOrg"
	if p.foreign != "" {
		o["appOwnerOrganizationId"], o["signInAudience"] = p.foreign, "AzureADMultipleOrgs"
	}
	o["appRoleAssignmentRequired"] = p.needsAssignment
	o["passwordCredentials"] = secretObjects(p.secrets)
	o["tags"] = texts(p.tags)
	return o
}

func principalObject(id, client, name string) object {
	return object{
		"id": id, "deletedDateTime": nil, "accountEnabled": true, "alternativeNames": []string{}, "appDisplayName": name, "appDescription": nil,
		"appId": client, "applicationTemplateId": nil, "appOwnerOrganizationId": nil, "appRoleAssignmentRequired": false,
		"description": nil, "disabledByMicrosoftStatus": nil, "displayName": name, "homepage": nil, "loginUrl": nil, "logoutUrl": nil,
		"notes": nil, "notificationEmailAddresses": []string{}, "preferredSingleSignOnMode": nil, "preferredTokenSigningKeyThumbprint": nil,
		"replyUrls": []string{}, "servicePrincipalNames": []string{client}, "servicePrincipalType": "Application", "signInAudience": nil,
		"tags": []string{}, "tokenEncryptionKeyId": nil, "samlSingleSignOnSettings": nil, "verifiedPublisher": noPublisher(), "addIns": []object{},
		"appRoles": []object{}, "info": noInfo(), "keyCredentials": []object{}, "oauth2PermissionScopes": []object{}, "passwordCredentials": []object{},
		"resourceSpecificApplicationPermissions": []object{},
	}
}

// microsoft is the tenant that owns Microsoft's own applications.
const microsoft = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"

// graphPrincipal is Microsoft Graph's own enterprise app in the tenant.
func (g *call) graphPrincipal() object {
	o := principalObject(g.d.graph, graphAppID, "Microsoft Graph")
	o["appOwnerOrganizationId"] = microsoft
	o["signInAudience"] = "AzureADMultipleOrgs"
	o["servicePrincipalNames"] = []string{"https://" + g.cloud.Graph, "https://" + g.cloud.Graph + "/", graphAppID}
	roles, scopes := []object{}, []object{}
	for _, p := range permissions {
		if p.kind == Delegated {
			scopes = append(scopes, object{"adminConsentDescription": p.value, "adminConsentDisplayName": p.value, "id": p.id, "isEnabled": true, "type": "Admin", "userConsentDescription": p.value, "userConsentDisplayName": p.value, "value": p.value})
			continue
		}
		roles = append(roles, object{"allowedMemberTypes": []string{"Application"}, "description": p.value, "displayName": p.value, "id": p.id, "isEnabled": true, "origin": "Application", "value": p.value})
	}
	o["appRoles"], o["oauth2PermissionScopes"] = roles, scopes
	return o
}

// grants are the application permissions a service principal has.
func (g *call) grants(p *principal) []object {
	var all []object
	for _, x := range p.grants {
		all = append(all, object{
			"id": x.id, "deletedDateTime": nil, "appRoleId": x.role, "createdDateTime": stamp(x.created),
			"principalDisplayName": p.name, "principalId": p.id, "principalType": "ServicePrincipal",
			"resourceDisplayName": "Microsoft Graph", "resourceId": g.d.graph,
		})
	}
	return all
}

// consents are the oauth2PermissionGrants that a service principal holds.
// Source: learn.microsoft.com/graph/api/resources/oauth2permissiongrant.
func (g *call) consents(p *principal) []object {
	var all []object
	for _, c := range p.consents {
		if len(c.scopes) == 0 {
			continue
		}
		var values []string
		for _, s := range c.scopes {
			values = append(values, s.value)
		}
		o := object{"id": c.id, "clientId": p.id, "consentType": "AllPrincipals", "principalId": nil, "resourceId": g.d.graph, "scope": strings.Join(values, " ")}
		if c.user != "" {
			o["consentType"], o["principalId"] = "Principal", c.user
		}
		all = append(all, o)
	}
	return all
}

func (g *call) roleAssignments() []object {
	holders, people := g.d.sortedPrincipals, g.d.sortedUsers
	if id, asked := g.q.filters["principalId"]; asked {
		holders = func() []*principal { return g.d.holding(id) }
		people = func() []*user { return g.d.person(id) }
	}
	var all []object
	for _, p := range holders() {
		for _, r := range p.roles {
			all = append(all, g.roleAssignment(r, p.id, func() object {
				shown := g.principal(p)
				shown["@odata.type"] = "#microsoft.graph.servicePrincipal"
				return shown
			}))
		}
	}
	for _, u := range people() {
		for _, r := range u.roles {
			all = append(all, g.roleAssignment(r, u.id, func() object { return userObject(u.owner()) }))
		}
	}
	return all
}

func (g *call) roleAssignment(r roleAssignment, holder string, principal func() object) object {
	o := object{"id": r.id, "principalId": holder, "principalOrganizationId": g.t.spec.ID, "directoryScopeId": r.scope, "roleDefinitionId": r.role}
	switch g.q.expand {
	case "roleDefinition":
		role, _ := findRole(r.role)
		o["roleDefinition"] = role.object()
	case "principal":
		o["principal"] = principal()
	}
	return o
}

func (r directoryRole) object() object {
	return object{
		"id": r.id, "templateId": r.id, "displayName": r.name, "description": r.description, "isBuiltIn": true, "isEnabled": true,
		"resourceScopes": []string{"/"}, "version": "1",
		"rolePermissions": []object{{"allowedResourceActions": []string{"microsoft.directory/allEntities/allProperties/read"}, "condition": nil}},
	}
}

func roleObjects() []object {
	var all []object
	for _, r := range directoryRoles {
		all = append(all, r.object())
	}
	return all
}

func userObject(o owner) object {
	given, surname, _ := strings.Cut(o.name, " ")
	return object{
		"@odata.type": "#microsoft.graph.user", "id": o.id, "displayName": o.name, "userPrincipalName": o.user, "mail": o.user,
		"givenName": given, "surname": surname, "businessPhones": []string{}, "jobTitle": nil, "mobilePhone": nil, "officeLocation": nil, "preferredLanguage": nil,
	}
}

// reviews are the access reviews, oldest first: who wants the newest has to
// ask for the order.
func (g *call) reviews() []object {
	var all []object
	if !g.t.spec.Licensed {
		return all
	}
	first := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	for i, name := range g.t.spec.Reviews {
		made := stamp(first.AddDate(0, 0, i))
		all = append(all, object{
			"id":          fmt.Sprintf("98dcebed-c7f6-46f4-bcf3-%012x", i+1),
			"displayName": name, "status": "InProgress", "createdDateTime": made, "lastModifiedDateTime": made,
			"descriptionForAdmins": "", "descriptionForReviewers": "", "createdBy": nil, "scope": nil, "instanceEnumerationScope": nil, "settings": nil,
			"reviewers": []object{}, "fallbackReviewers": []object{}, "stageSettings": []object{}, "additionalNotificationRecipients": []object{},
		})
	}
	return all
}
