// Package simcloud is Microsoft's sign-in service and Microsoft Graph of all
// four national clouds, simulated in one http.Handler that tells them apart by
// host name. It is written from what the vendor documents and from recorded
// answers, not from any client: it checks what the real services check, and
// refuses what they refuse, in their words.
//
// A [Tenant] is a directory in one cloud. Its methods are an administrator
// clicking in the Entra admin center: they act at once for the administrator,
// and after [Tenant.SetReplication] for the sign-in service and Graph. What a
// token allows is frozen into it when it is issued.
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
