// Package simcloud is Microsoft's sign-in service, Microsoft Graph and Azure
// Resource Manager of all four national clouds, simulated in one http.Handler
// that tells them apart by host name. It is written from what the vendor documents and from recorded
// answers, not from any client: it checks what the real services check, and
// refuses what they refuse, in their words.
//
// Amazon Web Services are simulated beside them, by package simaws: [Cloud.AWS].
//
// A [Tenant] is a directory in one cloud. Its methods are an administrator
// clicking in the Entra admin center: they act at once for the administrator,
// and after [Tenant.SetReplication] for the sign-in service and Graph. What a
// token allows is frozen into it when it is issued.
//
// People sign in to apps with [Tenant.Browser], which goes where an app sends a
// browser, answers the pages and really delivers the answer to the app, or with
// [Tenant.EnterCode] for an app that shows a code. What an app may do on their
// behalf is what was consented to and what their directory roles allow. Changes
// that are made through Graph spread as the administrator's do. What is in a
// tenant in the end is told by [Tenant.Apps], [Tenant.Principals],
// [Tenant.Consents], [Tenant.Deleted], [Tenant.Users] and [Tenant.SignIns].
//
// Azure Resource Manager goes by the roles that are assigned in it and no
// directory role; what changes takes [Tenant.SetAzureDelays] to count. A service
// principal that is deleted leaves its assignments behind. Security groups are
// played as far as roles are assigned to them. [Tenant.AzureAssignments] tells
// what there is.
//
// Two doors lead in: [Cloud.Client], an http.Client whose requests never leave
// the process, and [Cloud.ServeHTTP] for whoever terminates TLS in front of it.
// Neither starts a goroutine or opens a port.
//
// Where the order of two refusals is not published, the one that tells a client
// less comes first. What the real service offers and this one does not play yet
// answers 501 and says so, so that it is never mistaken for a refusal.
//
// Sources: learn.microsoft.com/entra/identity-platform (discovery, certificate
// credentials, error codes), learn.microsoft.com/graph (errors, query
// parameters, the pages of each resource) and
// github.com/microsoftgraph/msgraph-metadata (types).
package simcloud
