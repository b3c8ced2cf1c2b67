package simcloud

import (
	"crypto/sha256"
	"slices"
	"strings"
	"time"
)

// Client ids of Microsoft's own public clients, the same in every cloud.
// Source: github.com/microsoftgraph/msgraph-sdk-powershell and
// github.com/Azure/azure-cli. The vendor does not say whether the first is in
// every national cloud: see [Tenant.SetCommandLineTools].
const (
	CommandLineTools = "14d82eec-204b-4c2f-b7e8-296a70dab67e" // Microsoft Graph Command Line Tools
	AzureCLI         = "04b07795-8ddb-461a-bbee-02f9e1bf7b46" // Microsoft Azure CLI
)

// signInClient is an app that people sign in to.
type signInClient struct {
	id, name  string
	redirects []string
	fixed     []string // the delegated permissions it has and can only have; nil: any can be asked for
	public    bool     // device code and other flows without a redirect
	multi     bool     // of many tenants
	app       *application
}

// firstParty are Microsoft's clients. The Azure CLI's permissions are those
// that its tokens show; newer ones may have more.
var firstParty = []signInClient{
	{id: CommandLineTools, name: "Microsoft Graph Command Line Tools", redirects: []string{"http://localhost"}, public: true, multi: true},
	{id: AzureCLI, name: "Microsoft Azure CLI", redirects: []string{"http://localhost"}, public: true, multi: true, fixed: []string{"AuditLog.Read.All", "Directory.AccessAsUser.All", "Group.ReadWrite.All", "User.ReadWrite.All"}},
}

// SetCommandLineTools takes the Microsoft Graph Command Line Tools out of the
// tenant's cloud, or puts them back.
func (t *Tenant) SetCommandLineTools(there bool) { t.set(func() { t.noTools = !there }) }

// RegisterSignInClient is App registrations › New registration of a client
// that people sign in to: for this directory only, with redirect addresses of
// the platform for mobile and desktop applications (none: http://localhost),
// and public client flows allowed.
func (t *Tenant) RegisterSignInClient(name string, redirects ...string) App {
	if redirects == nil {
		redirects = []string{"http://localhost"}
	}
	return t.register(&application{name: name, redirects: redirects, public: true})
}

// signInClient is the client of that id, as the sign-in service sees it.
func (t *Tenant) signInClient(d *directory, id string) (signInClient, bool) {
	id = strings.ToLower(id)
	if i := slices.IndexFunc(firstParty, func(c signInClient) bool { return c.id == id }); i >= 0 {
		return firstParty[i], id != CommandLineTools || !get(t, func() bool { return t.noTools })
	}
	a, ok := d.apps[id]
	if !ok {
		return signInClient{}, false
	}
	return signInClient{id: a.client, name: a.name, redirects: a.redirects, public: a.public, multi: a.audience != "AzureADMyOrg", app: a}, true
}

// enterpriseApp is the service principal of a client, fit to be changed. One of
// Microsoft's is made when it is first needed. Its id follows from the tenant's
// alone, so that those of other objects stay what they are without it.
func (t *Tenant) enterpriseApp(d *directory, clientID string, now time.Time) (*principal, error) {
	if p, err := d.principal(clientID); err == nil {
		return p, nil
	}
	clientID = strings.ToLower(clientID)
	i := slices.IndexFunc(firstParty, func(c signInClient) bool { return c.id == clientID })
	if i < 0 {
		a, err := d.app(clientID)
		if err != nil {
			return nil, err
		}
		return t.addPrincipal(d, a.client, now), nil
	}
	sum := sha256.Sum256([]byte(t.spec.ID + clientID))
	p := &principal{id: guid([16]byte(sum[:])), client: clientID, name: firstParty[i].name, created: now, tags: []string{integrated}, foreign: microsoft}
	d.principals[clientID] = p
	return p, nil
}

// AllowAzure is API permissions › Azure Service Management › user_impersonation
// of a client that people sign in to, with admin consent. Microsoft Graph does
// not show it here.
func (t *Tenant) AllowAzure(clientID string) error {
	return t.change(func(d *directory, _ time.Time) error {
		a, err := d.app(clientID)
		if err != nil {
			return err
		}
		a.azure = true
		return nil
	})
}
