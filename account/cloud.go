package account

// CloudID names one of Microsoft's clouds. The empty id stands for Global
// wherever an address is needed before the cloud is known.
type CloudID string

// The clouds.
const (
	Global   CloudID = "global"
	USGov    CloudID = "usgov"     // US Gov L4, GCC High
	USGovDoD CloudID = "usgov-dod" // US Gov L5
	China    CloudID = "china"     // 21Vianet
)

// Clouds are all clouds, in the order in which they are offered and asked.
var Clouds = []CloudID{Global, USGov, USGovDoD, China}

// Cloud is one of Microsoft's clouds with its addresses, which belong together:
// tokens and tenants of one are unknown in another.
// Source: learn.microsoft.com/graph/deployments and
// learn.microsoft.com/entra/identity-platform/authentication-national-cloud.
type Cloud struct {
	ID    CloudID
	Name  string // as Microsoft calls it
	Login string // host of the sign-in service
	Graph string // host of Microsoft Graph
	Entra string // host of the Entra admin center
	Azure string // host of the Azure portal
	ARM   string // host of Azure Resource Manager
}

var clouds = map[CloudID]Cloud{
	Global:   {Global, "Global", "login.microsoftonline.com", "graph.microsoft.com", "entra.microsoft.com", "portal.azure.com", "management.azure.com"},
	USGov:    {USGov, "US Government (GCC High)", "login.microsoftonline.us", "graph.microsoft.us", "entra.microsoft.us", "portal.azure.us", "management.usgovcloudapi.net"},
	USGovDoD: {USGovDoD, "US Government (DoD)", "login.microsoftonline.us", "dod-graph.microsoft.us", "entra.microsoft.us", "portal.azure.us", "management.usgovcloudapi.net"},
	China:    {China, "China (21Vianet)", "login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn", "entra.microsoftonline.cn", "portal.azure.cn", "management.chinacloudapi.cn"},
}

// Cloud is the cloud with its addresses; Global for an empty or unknown id.
func (id CloudID) Cloud() Cloud {
	if c, ok := clouds[id]; ok {
		return c
	}
	return clouds[Global]
}

// Tenant is what discovery tells of a tenant without any sign-in.
type Tenant struct {
	ID    TenantID
	Cloud CloudID
}
