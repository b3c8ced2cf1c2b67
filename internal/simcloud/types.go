package simcloud

import "slices"

// properties are the structural properties that Microsoft Graph v1.0 declares
// for the types it answers with here, those of their base types included.
// Source: schemas/v1.0-Prod.csdl of github.com/microsoftgraph/msgraph-metadata;
// user and oAuth2PermissionGrant: learn.microsoft.com/graph/api/resources.
var properties = table[[]string]{
	{"organization", []string{
		"id", "deletedDateTime", "assignedPlans", "businessPhones", "city", "country", "countryLetterCode",
		"createdDateTime", "defaultUsageLocation", "displayName", "marketingNotificationEmails",
		"mobileDeviceManagementAuthority", "onPremisesLastSyncDateTime", "onPremisesSyncEnabled",
		"partnerTenantType", "postalCode", "preferredLanguage", "privacyProfile", "provisionedPlans",
		"securityComplianceNotificationMails", "securityComplianceNotificationPhones", "state", "street",
		"technicalNotificationMails", "tenantType", "verifiedDomains",
	}},
	{"application", []string{
		"id", "deletedDateTime", "addIns", "api", "appId", "applicationTemplateId", "appRoles",
		"authenticationBehaviors", "certification", "createdByAppId", "createdDateTime", "defaultRedirectUri",
		"description", "disabledByMicrosoftStatus", "displayName", "groupMembershipClaims", "identifierUris",
		"info", "isDeviceOnlyAuthSupported", "isDisabled", "isFallbackPublicClient", "keyCredentials", "logo",
		"managerApplications", "nativeAuthenticationApisEnabled", "notes", "oauth2RequirePostResponse",
		"optionalClaims", "parentalControlSettings", "passwordCredentials", "publicClient", "publisherDomain",
		"requestSignatureVerification", "requiredResourceAccess", "samlMetadataUrl",
		"serviceManagementReference", "servicePrincipalLockConfiguration", "signInAudience", "spa", "tags",
		"tokenEncryptionKeyId", "uniqueName", "verifiedPublisher", "web",
	}},
	{"servicePrincipal", []string{
		"id", "deletedDateTime", "accountEnabled", "addIns", "alternativeNames", "appDescription",
		"appDisplayName", "appId", "applicationTemplateId", "appOwnerOrganizationId",
		"appRoleAssignmentRequired", "appRoles", "createdByAppId", "customSecurityAttributes", "description",
		"disabledByMicrosoftStatus", "displayName", "homepage", "info", "isDisabled", "keyCredentials",
		"loginUrl", "logoutUrl", "notes", "notificationEmailAddresses", "oauth2PermissionScopes",
		"passwordCredentials", "preferredSingleSignOnMode", "preferredTokenSigningKeyThumbprint", "replyUrls",
		"resourceSpecificApplicationPermissions", "samlSingleSignOnSettings", "servicePrincipalNames",
		"servicePrincipalType", "signInAudience", "tags", "tokenEncryptionKeyId", "verifiedPublisher",
	}},
	{"appRoleAssignment", []string{
		"id", "deletedDateTime", "appRoleId", "createdDateTime", "principalDisplayName", "principalId",
		"principalType", "resourceDisplayName", "resourceId",
	}},
	{"unifiedRoleAssignment", []string{
		"id", "appScopeId", "condition", "directoryScopeId", "principalId", "principalOrganizationId",
		"roleDefinitionId",
	}},
	{"unifiedRoleDefinition", []string{
		"id", "description", "displayName", "isBuiltIn", "isEnabled", "resourceScopes", "rolePermissions",
		"templateId", "version",
	}},
	{"accessReviewScheduleDefinition", []string{
		"id", "additionalNotificationRecipients", "createdBy", "createdDateTime", "descriptionForAdmins",
		"descriptionForReviewers", "displayName", "fallbackReviewers", "instanceEnumerationScope",
		"lastModifiedDateTime", "reviewers", "scope", "settings", "stageSettings", "status",
	}},
	{"federatedIdentityCredential", []string{"id", "audiences", "description", "issuer", "name", "subject"}},
	{"domain", []string{
		"id", "authenticationType", "availabilityStatus", "isAdminManaged", "isDefault", "isInitial", "isRoot",
		"isVerified", "manufacturer", "model", "passwordNotificationWindowInDays",
		"passwordValidityPeriodInDays", "state", "supportedServices",
	}},
	{"oAuth2PermissionGrant", []string{"id", "clientId", "consentType", "principalId", "resourceId", "scope"}},
	{"directoryRole", []string{"id", "deletedDateTime", "description", "displayName", "roleTemplateId"}},
	{"directoryObject", []string{"id", "deletedDateTime"}},
	{"tenantAppManagementPolicy", []string{
		"id", "deletedDateTime", "description", "displayName", "applicationRestrictions", "isEnabled", "servicePrincipalRestrictions",
	}},
	{"authorizationPolicy", []string{
		"id", "deletedDateTime", "description", "displayName", "allowedToSignUpEmailBasedSubscriptions", "allowedToUseSSPR",
		"allowEmailVerifiedUsersToJoinOrganization", "allowInvitesFrom", "allowUserConsentForRiskyApps", "blockMsolPowerShell",
		"defaultUserRolePermissions", "guestUserRoleId",
	}},
	// Owners are directory objects, and people among them can be selected from as people.
	{"user", []string{
		"id", "deletedDateTime", "businessPhones", "displayName", "givenName", "jobTitle", "mail",
		"mobilePhone", "officeLocation", "preferredLanguage", "surname", "userPrincipalName", "accountEnabled",
		"userType",
	}},
}

func declares(typ, property string) bool {
	all, _ := properties.find(typ)
	return slices.Contains(all, property)
}
