package simcloud

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// TenantSpec describes a tenant to be made. What is empty is made up.
type TenantSpec struct {
	ID      string   // Directory (tenant) ID; the ids of its objects follow from it
	Name    string   // display name
	Initial string   // initial domain, such as contoso.onmicrosoft.com
	Domains []string // further verified domains; the first is the default one
	Cloud   account.CloudID
	GCC     bool // in the Global cloud: a tenant of the US Government Community Cloud

	Licensed bool     // Entra ID P2 or ID Governance: access reviews can be had
	Reviews  []string // names of the access reviews, oldest first; each was made a day after the one before
}

// Tenant is one directory.
type Tenant struct {
	c    *Cloud
	spec TenantSpec

	// Guarded by c.mu.
	made      int       // objects made so far; their ids follow from it
	versions  []version // oldest first; the last is what the administrator sees
	toLogin   time.Duration
	toGraph   time.Duration
	maxLife   time.Duration
	trustedCA bool
	policy    string
	blocked   bool
	elsewhere Elsewhere
	unlicence Unlicensed
	oldWords  bool
	spread    map[Change]spreading

	rules        []rule   // what sign-in refuses
	signIns      []SignIn // what people tried
	noTools      bool     // the command line tools are not in this cloud
	noRegister   bool     // users may not register applications
	noConsent    bool     // users may not consent to anything
	hiddenRoles  bool     // nobody reads their own directory roles
	ownsCreated  bool     // also an administrator becomes owner of what they create
	newConflicts bool     // 409 in place of 400
	otherWords   bool     // the other wording of a race between two objects
	racyUpserts  bool     // an upsert does not see what it is about to make twice
	quota        int      // objects; 0 is enough for everybody

	az azure
}

// AddTenant makes a tenant.
func (c *Cloud) AddTenant(spec TenantSpec) *Tenant {
	if spec.ID == "" {
		spec.ID = newGUID()
	}
	spec.ID = strings.ToLower(spec.ID)
	spec.Cloud = spec.Cloud.Cloud().ID
	if spec.Name == "" {
		spec.Name = "Contoso"
	}
	if spec.Initial == "" {
		spec.Initial = strings.ToLower(strings.Join(strings.Fields(spec.Name), "")) + onmicrosoft(spec.Cloud)
	}
	spec.Initial = strings.ToLower(spec.Initial)
	spec.Domains = slices.Clone(spec.Domains)
	for i, d := range spec.Domains {
		spec.Domains[i] = strings.ToLower(d)
	}
	t := &Tenant{c: c, spec: spec, elsewhere: NotFound}
	t.policy = t.newID()
	t.versions = []version{{dir: newDirectory(t.newID())}}

	c.mu.Lock()
	defer c.mu.Unlock()
	c.tenants = append(c.tenants, t)
	return t
}

// onmicrosoft is the ending of initial domains.
func onmicrosoft(id account.CloudID) string {
	switch id {
	case account.USGov, account.USGovDoD:
		return ".onmicrosoft.us"
	case account.China:
		return ".partner.onmschina.cn"
	}
	return ".onmicrosoft.com"
}

// ID is the Directory (tenant) ID.
func (t *Tenant) ID() string { return t.spec.ID }

// Name is the display name.
func (t *Tenant) Name() string { return t.spec.Name }

// Initial is the initial domain, the Organization ID of the manual.
func (t *Tenant) Initial() string { return t.spec.Initial }

// Cloud is the cloud it lives in.
func (t *Tenant) Cloud() account.CloudID { return t.spec.Cloud }

// knows tells whether name, an id or a domain, is this tenant.
func (t *Tenant) knows(name string) bool {
	name = strings.ToLower(name)
	return name == t.spec.ID || name == t.spec.Initial || slices.Contains(t.spec.Domains, name)
}

// find is the tenant of that id or domain, in whatever cloud.
func (c *Cloud) find(name string) (*Tenant, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.tenants {
		if t.knows(name) {
			return t, true
		}
	}
	return nil, false
}

// Elsewhere is what another cloud's sign-in service says of a tenant. The
// vendor does not document it; tools in public use meet all three.
type Elsewhere int

// The answers.
const (
	NotFound   Elsewhere = iota // AADSTS90002, as for a tenant that is nowhere
	Redirected                  // AADSTS90038, with the name of the cloud
	Described                   // discovery answers with the addresses of the tenant's own cloud; tokens as Redirected
)

// SetElsewhere chooses what the other clouds say of this tenant.
func (t *Tenant) SetElsewhere(e Elsewhere) { t.set(func() { t.elsewhere = e }) }

// Unlicensed is how the access-review list answers where the licence is
// missing. The vendor does not document it.
type Unlicensed int

// The answers.
const (
	Empty     Unlicensed = iota // 200 and an empty list
	NoReviews                   // 403 "User does not have access to any of the reviews."
	NoLicence                   // 403 NoLicense
)

// SetUnlicensed chooses how access reviews answer without a licence.
func (t *Tenant) SetUnlicensed(u Unlicensed) { t.set(func() { t.unlicence = u }) }

// SetReplication makes changes of the administrator reach the sign-in service
// and Graph that much later. Changes made before keep their own delay.
func (t *Tenant) SetReplication(d time.Duration) { t.set(func() { t.toLogin, t.toGraph = d, d }) }

// SetReplicationApart is SetReplication with a delay for each service: a token
// can be had before Graph knows the app, or the other way round.
func (t *Tenant) SetReplicationApart(signIn, graph time.Duration) {
	t.set(func() { t.toLogin, t.toGraph = signIn, graph })
}

// SetPolicy limits how long certificates may live; 0 takes the limit back.
// Source: learn.microsoft.com/graph/api/resources/keycredentialconfiguration.
func (t *Tenant) SetPolicy(maxLife time.Duration) { t.set(func() { t.maxLife = maxLife }) }

// SetTrustedAuthorities makes the tenant refuse certificates that no authority
// of its own has signed.
func (t *Tenant) SetTrustedAuthorities(only bool) { t.set(func() { t.trustedCA = only }) }

// BlockWorkload makes Conditional Access for workload identities refuse tokens.
func (t *Tenant) BlockWorkload(block bool) { t.set(func() { t.blocked = block }) }

// SetOldWording makes sign-in errors read as they did until about 2023.
func (t *Tenant) SetOldWording(old bool) { t.set(func() { t.oldWords = old }) }

// Change is a kind of change that Graph makes, for [Tenant.SetReplicationOf].
type Change int

// The changes.
const (
	anyChange         Change = iota
	ApplicationChange        // an app registration made, changed, deleted or restored
	PrincipalChange          // the same of an enterprise app
	GrantChange              // application permissions granted or withdrawn
	RoleChange               // directory roles assigned or removed
	KeyChange                // addKey and removeKey
	ConsentChange            // delegated permissions, also those consented to while signing in
)

// spreading is how long a change takes to each service.
type spreading struct{ toLogin, toGraph time.Duration }

// SetReplicationOf is SetReplicationApart for one kind of change alone; all
// others keep their delay.
func (t *Tenant) SetReplicationOf(what Change, signIn, graph time.Duration) {
	t.set(func() {
		if t.spread == nil {
			t.spread = map[Change]spreading{}
		}
		t.spread[what] = spreading{signIn, graph}
	})
}

func (t *Tenant) set(f func()) {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	f()
}

func get[V any](t *Tenant, f func() V) V {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	return f()
}

// newID is the next object id. It follows from the tenant's id, so that
// pictures of a tenant with a fixed id stay the same.
func (t *Tenant) newID() string {
	t.made++
	h := sha256.New()
	h.Write([]byte(t.spec.ID))
	binary.Write(h, binary.BigEndian, uint64(t.made))
	return guid([16]byte(h.Sum(nil)))
}

func newGUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return guid(b)
}

func guid(b [16]byte) string {
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// isGUID tells whether s is a GUID with dashes.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range s {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (r == '-') || (!dash && !strings.ContainsRune("0123456789abcdefABCDEF", r)) {
			return false
		}
	}
	return true
}
