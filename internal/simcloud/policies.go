package simcloud

import (
	"fmt"
	"time"
)

// appManagementPolicy is what restricts certificates. That only those of
// trusted authorities are taken does not show in it: v1.0 has no such property.
// Source: learn.microsoft.com/graph/api/tenantappmanagementpolicy-get.
func appManagementPolicy(g *call) *graphError {
	life := get(g.t, func() time.Duration { return g.t.maxLife })
	trusted := get(g.t, func() bool { return g.t.trustedCA })
	keys := []object{}
	if life > 0 {
		keys = append(keys, object{"restrictionType": "asymmetricKeyLifetime", "state": "enabled", "maxLifetime": isoDuration(life), "restrictForAppsCreatedAfterDateTime": nil, "excludeActors": nil})
	}
	return g.entity("policies/defaultAppManagementPolicy", object{
		"id": "00000000-0000-0000-0000-000000000000", "deletedDateTime": nil, "displayName": "Default app management tenant policy",
		"description":                  "Default tenant policy that enforces app management restrictions on applications and service principals. To apply policy to targeted resources, create a new policy under appManagementPolicies collection.",
		"isEnabled":                    life > 0 || trusted,
		"applicationRestrictions":      object{"passwordCredentials": []object{}, "keyCredentials": keys, "identifierUris": nil},
		"servicePrincipalRestrictions": object{"passwordCredentials": []object{}, "keyCredentials": []object{}},
	})
}

// isoDuration is a duration as Edm.Duration.
func isoDuration(d time.Duration) string {
	days, rest := d/(24*time.Hour), d%(24*time.Hour)
	if rest == 0 {
		return fmt.Sprintf("P%dD", days)
	}
	return fmt.Sprintf("P%dDT%dS", days, rest/time.Second)
}

// authorizationPolicy is where the user settings can be read.
// Source: learn.microsoft.com/graph/api/authorizationpolicy-get.
func authorizationPolicy(g *call) *graphError {
	may := !get(g.t, func() bool { return g.t.noRegister })
	return g.entity("policies/authorizationPolicy/$entity", object{
		"id": "authorizationPolicy", "deletedDateTime": nil, "displayName": "Authorization Policy", "description": "Used to manage authorization related settings across the company.",
		"allowedToSignUpEmailBasedSubscriptions": true, "allowedToUseSSPR": true, "allowEmailVerifiedUsersToJoinOrganization": false,
		"allowInvitesFrom": "everyone", "allowUserConsentForRiskyApps": nil, "blockMsolPowerShell": false,
		"guestUserRoleId":            "10dae51f-b6af-4016-8d66-8c2a99b929b3",
		"defaultUserRolePermissions": object{"allowedToCreateApps": may, "allowedToCreateSecurityGroups": true, "allowedToCreateTenants": true, "allowedToReadOtherUsers": true},
	})
}
