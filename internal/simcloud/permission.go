package simcloud

// graphAppID is the application id of Microsoft Graph, the same in every cloud.
// Source: learn.microsoft.com/graph/permissions-reference.
const graphAppID = "00000003-0000-0000-c000-000000000000"

// Kind is the kind of a permission, as the portal's page asks for it.
type Kind string

// The kinds. They end in different places: an Application permission in the
// app's own tokens, a Delegated one only in those of people.
const (
	Application Kind = "Application"
	Delegated   Kind = "Delegated"
)

// accessReviewRead is the permission that onboarding asks for.
const accessReviewRead = "AccessReview.Read.All"

type permission struct {
	kind      Kind
	value, id string
	resource  string // client id of whose permission it is, if not Microsoft Graph's
}

// of is the client id of the resource.
func (p permission) of() string {
	if p.resource == "" {
		return graphAppID
	}
	return p.resource
}

// permissions are those of Microsoft Graph that the portal player knows.
// Source: learn.microsoft.com/graph/permissions-reference.
var permissions = []permission{
	{kind: Application, value: accessReviewRead, id: "d07a8cc0-3d51-4b77-b3b0-32704d1f69fa"},
	{kind: Delegated, value: accessReviewRead, id: "ebfcd32b-babb-40f4-a14b-42706e83bd28"},
	{kind: Delegated, value: "User.Read", id: "e1fe6dd8-ba31-4d61-89e7-88639da4683d"},
	{kind: Application, value: "Directory.Read.All", id: "7ab1d382-f21e-4acd-a863-ba3e13f7da61"},
	{kind: Application, value: "User.Read.All", id: "df021288-bdef-4463-88db-98f22de89214"},
	{kind: Application, value: "Application.ReadWrite.All", id: "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"},
	{kind: Application, value: "RoleManagement.ReadWrite.Directory", id: "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"},
	{kind: Delegated, value: "Application.ReadWrite.All", id: "bdfbf15f-ee85-4955-8675-146e8e5296b5"},
	{kind: Delegated, value: "Organization.Read.All", id: "4908d5b9-3fb2-4b1e-9336-1888b7937185"},
	{kind: Delegated, value: "AppRoleAssignment.ReadWrite.All", id: "84bccea3-f856-4a8a-967b-dbe0a3d53a64"},
	{kind: Delegated, value: "RoleManagement.ReadWrite.Directory", id: "d01b97e9-cbc0-49fe-810a-750afd5527a3"},
	{kind: Delegated, value: "RoleManagement.Read.Directory", id: "741c54c3-0c1e-44a1-818b-3f97ab4e8c83"},
	{kind: Delegated, value: "Application.Read.All", id: "c79f8feb-a9db-4090-85f9-90d820caa0eb"},
	{kind: Delegated, value: "Directory.Read.All", id: "06da0dbc-49e2-44d2-8312-53f166ab848a"},
	{kind: Delegated, value: "DelegatedPermissionGrant.ReadWrite.All", id: "41ce6ca6-6826-4807-84f1-1c82854f7ee5"},
	{kind: Delegated, value: "Policy.Read.All", id: "572fea84-0151-49b2-9301-11cb16974376"},
	{kind: Application, value: "AppRoleAssignment.ReadWrite.All", id: "06b708a9-e830-4db3-a914-8e69da51d44f"},
}

func findPermission(kind Kind, value string) (permission, bool) {
	for _, p := range permissions {
		if p.kind == kind && p.value == value {
			return p, true
		}
	}
	return permission{}, false
}

// Directory roles by template id, which is also the id of their definition in
// every tenant.
// Source: learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference.
const (
	GlobalReader                = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
	GlobalAdministrator         = "62e90394-69f5-4237-9190-012177145e10"
	PrivilegedRoleAdministrator = "e8611ab8-c189-46e8-94e1-60213ab1f814"
	ApplicationAdministrator    = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"

	CloudApplicationAdministrator = "158c047a-c907-4556-b7ef-446551a6b5f7"
	ApplicationDeveloper          = "cf1c38e5-3621-4004-a7cb-879624dced7c"
)

// everyApp is in the directory roles of every app's token, and is no role.
const everyApp = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"

type directoryRole struct{ id, name, description string }

var directoryRoles = []directoryRole{
	{GlobalReader, "Global Reader", "Can read everything that a Global Administrator can, but not update anything."},
	{GlobalAdministrator, "Global Administrator", "Can manage all aspects of Microsoft Entra ID and Microsoft services that use Microsoft Entra identities."},
	{PrivilegedRoleAdministrator, "Privileged Role Administrator", "Can manage role assignments in Microsoft Entra ID, and all aspects of Privileged Identity Management."},
	{CloudApplicationAdministrator, "Cloud Application Administrator", "Can create and manage all aspects of app registrations and enterprise apps except App Proxy."},
	{ApplicationDeveloper, "Application Developer", "Can create application registrations independent of the 'Users can register applications' setting."},
	{ApplicationAdministrator, "Application Administrator", "Can create and manage all aspects of app registrations and enterprise apps."},
}

func findRole(id string) (directoryRole, bool) {
	for _, r := range directoryRoles {
		if r.id == id {
			return r, true
		}
	}
	return directoryRole{}, false
}
