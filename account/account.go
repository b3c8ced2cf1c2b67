package account

import (
	"encoding/json"
	"fmt"
	"time"
)

// Provider is a kind of cloud.
type Provider string

// The providers of the cloud selection.
const (
	Microsoft Provider = "microsoft"
	Azure     Provider = "azure"
	AWS       Provider = "aws"
)

// String is the provider's name as its own documentation writes it.
func (p Provider) String() string {
	switch p {
	case Microsoft:
		return "Microsoft"
	case Azure:
		return "Azure"
	case AWS:
		return "AWS"
	}
	return string(p)
}

// Way is how an account is being linked.
type Way string

// The two ways.
const (
	ByHand    Way = "by-hand"
	Automatic Way = "automatic"
)

// Store names the key store that holds a private key.
type Store string

// The two key stores.
const (
	Keyring   Store = "keyring" // the operating system's
	FileStore Store = "file"    // age files under a passphrase
)

// Key is one asymmetric key of an account: where its private half is, and all
// there is to know of its public half. It never holds the private half.
type Key struct {
	ID          KeyID       `json:"id"`
	Store       Store       `json:"store"`
	Bits        int         `json:"bits"`
	Stored      bool        `json:"stored"`               // in the store and read back
	Certificate Certificate `json:"certificate"`          // zero until made
	Saved       string      `json:"saved,omitempty"`      // path of the certificate file, empty until written
	Credential  string      `json:"credential,omitempty"` // id that Graph gave the certificate on the app, where it is known
	Sent        time.Time   `json:"sent,omitzero"`        // when the certificate was sent to the app and no answer came yet
}

// Certificate is a public certificate and what a person compares it by.
type Certificate struct {
	PEM       string    `json:"pem"`
	SHA1      string    `json:"sha1"`   // upper-case hex, what the portal calls Thumbprint
	SHA256    string    `json:"sha256"` // upper-case hex
	SPKI      string    `json:"spki"`   // base64url SHA-256 of the DER SubjectPublicKeyInfo
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
}

// Made tells whether there is a certificate.
func (c Certificate) Made() bool { return c.PEM != "" }

// Link is what is particular to one provider: a MicrosoftLink, an AzureLink or an
// AWSLink. The values are plain; a draft or account holds exactly one.
type Link interface{ Provider() Provider }

// MicrosoftLink is a link to an Entra ID tenant by an app registration.
type MicrosoftLink struct {
	Tenant       TenantID `json:"tenant,omitempty"`
	Client       ClientID `json:"client,omitempty"`
	Organization Domain   `json:"organization,omitempty"` // the tenant's initial domain
	TenantName   string   `json:"tenantName,omitempty"`   // as GET /organization says, cleaned
	AppName      string   `json:"appName,omitempty"`      // what the app registration is called
	Application  ObjectID `json:"application,omitempty"`  // object id of the app registration
	Principal    ObjectID `json:"principal,omitempty"`    // object id of the enterprise app
}

// Provider is Microsoft.
func (MicrosoftLink) Provider() Provider { return Microsoft }

// Draft is an account being built. It is a value: copies are independent as
// long as nobody writes to an element of Keys, Trail or Journal in place.
type Draft struct {
	ID       ID       `json:"id"`
	Name     Name     `json:"name,omitempty"`
	Provider Provider `json:"provider,omitempty"`
	Way      Way      `json:"way,omitempty"`
	Cloud    CloudID  `json:"cloud,omitempty"`
	Chosen   bool     `json:"cloudChosen,omitempty"` // the person named the cloud; else the tenant's answer decides
	Keys     []Key    `json:"keys,omitempty"`        // newest last
	// Authority is the key that signs the certificates of an AWS account; nil
	// where there is none.
	Authority *Key      `json:"authority,omitempty"`
	Link      Link      `json:"-"`
	Trail     []string  `json:"trail,omitempty"`  // names of the stops passed, in order; where to go on is after the last
	Ticked    []string  `json:"ticked,omitempty"` // names of the stops whose check held
	Journal   []Entry   `json:"journal,omitempty"`
	Made      Made      `json:"made,omitzero"`      // in the tenant, by the automatic way
	Replaces  ID        `json:"replaces,omitempty"` // the account whose place it is to take, with its name
	Leaving   bool      `json:"leaving,omitempty"`  // it was an account and is being removed: it can only be taken back
	Owner     Owner     `json:"owner"`
	Created   time.Time `json:"created"`
	Updated   time.Time `json:"updated"`
}

// Key is the newest key, or the zero Key.
func (d Draft) Key() Key {
	if len(d.Keys) == 0 {
		return Key{}
	}
	return d.Keys[len(d.Keys)-1]
}

// WithKey is the draft with k in place of the key of the same id, or added. The
// choice of a store, which has no id, is answered by it.
func (d Draft) WithKey(k Key) Draft {
	keys := make([]Key, 0, len(d.Keys)+1)
	found := false
	for _, have := range d.Keys {
		switch have.ID {
		case "":
			continue
		case k.ID:
			have, found = k, true
		}
		keys = append(keys, have)
	}
	if !found {
		keys = append(keys, k)
	}
	d.Keys = keys
	return d
}

// All are all keys of the draft, the authority's first.
func (d Draft) All() []Key {
	if d.Authority == nil {
		return d.Keys
	}
	return append([]Key{*d.Authority}, d.Keys...)
}

// Microsoft is the app registration of the draft's link, zero for AWS.
func (d Draft) Microsoft() MicrosoftLink { return microsoft(d.Link) }

// Azure is the draft's link as an AzureLink, zero when it is another's.
func (d Draft) Azure() AzureLink { l, _ := d.Link.(AzureLink); return l }

// AWS is the draft's link as an AWSLink, zero when it is another's.
func (d Draft) AWS() AWSLink { l, _ := d.Link.(AWSLink); return l }

// WithMicrosoft is the draft with that app registration in its link.
func (d Draft) WithMicrosoft(m MicrosoftLink) Draft {
	d.Link = withMicrosoft(d.Link, m)
	return d
}

func microsoft(l Link) MicrosoftLink {
	switch l := l.(type) {
	case MicrosoftLink:
		return l
	case AzureLink:
		return l.MicrosoftLink
	}
	return MicrosoftLink{}
}

func withMicrosoft(l Link, m MicrosoftLink) Link {
	if a, ok := l.(AzureLink); ok {
		a.MicrosoftLink = m
		return a
	}
	return m
}

// Account is the draft's finished twin.
func (d Draft) Account(at time.Time) Account {
	return Account{
		ID: d.ID, Name: d.Name, Provider: d.Provider, Cloud: d.Cloud,
		Key: d.Key(), Authority: d.Authority, Link: d.Link, Made: d.Made, Linked: at, Updated: at,
	}
}

// Undo begins the name of the change that takes another back.
const Undo = "undo-"

// Entry is one line of a draft's journal: a change that was begun or ended.
// An entry without Ended was begun; whether it happened has to be looked up.
type Entry struct {
	Change string    `json:"change"`
	Begun  time.Time `json:"begun"`
	Ended  time.Time `json:"ended,omitzero"`
	Failed string    `json:"failed,omitempty"` // kind of the problem
}

// Made tells whether it is known that the change was made.
func (e Entry) Made() bool { return !e.Ended.IsZero() && e.Failed == "" }

// Refused tells whether it is known that the change was not made: the service
// said no, or it was not asked.
func (e Entry) Refused() bool {
	switch Kind(e.Failed) {
	case AppForeign, AppDeleted, PolicyLife, PolicyAuthority, ExpiredKeyInWay, QuotaReached, RightMissing, InputNotID,
		ElevationNotTaken, AzureRoleMissing, ScopeNotFound, PrincipalSpreading, PrincipalWrong, AssignmentsFull, AssignmentLocked, InputNotScope:
		return true
	}
	return false
}

// Last is the newest entry of a change, the zero Entry where there is none.
func (d Draft) Last(change string) (last Entry) {
	for _, e := range d.Journal {
		if e.Change == change {
			last = e
		}
	}
	return last
}

// Undecided is the newest attempt at a change of which it is not known whether
// it was made, after all that are known to be, or to be taken back; the zero
// Entry where there is none.
func (d Draft) Undecided(change string) (open Entry) {
	for _, e := range d.Journal {
		switch {
		case e.Change == Undo+change && e.Made():
			open = Entry{}
		case e.Change != change || e.Refused():
		case e.Made():
			open = Entry{}
		default:
			open = e
		}
	}
	return open
}

// Owner is the running copy of the program that works on a draft. The zero
// Owner owns nothing.
type Owner struct {
	Host  string `json:"host,omitempty"`
	Boot  string `json:"boot,omitempty"` // identifies this start of the host
	PID   int    `json:"pid,omitempty"`
	Start string `json:"start,omitempty"` // start time of the process, as the host tells it
}

// Account is a connected tenant or cloud account. Key is the one in use. What an
// operation was about to do when it stopped is in Next, Last and Moving.
type Account struct {
	ID       ID       `json:"id"`
	Name     Name     `json:"name"`
	Provider Provider `json:"provider"`
	Cloud    CloudID  `json:"cloud"`
	Key      Key      `json:"key"`
	// Authority is as Draft.Authority, NextAuthority the one that is to take its
	// place with Next, and LastAuthority the one on its way out with Last.
	Authority     *Key `json:"authority,omitempty"`
	NextAuthority *Key `json:"nextAuthority,omitempty"`
	LastAuthority *Key `json:"lastAuthority,omitempty"`
	// Brought is the certificate that NextAuthority had before and that ran out: the
	// stack may have it.
	Brought Certificate `json:"brought,omitzero"`
	Link    Link        `json:"-"`
	Made    Made        `json:"made,omitzero"`    // in the tenant, by the automatic way
	Next    *Key        `json:"next,omitempty"`   // on its way in: on record before it is made, and Key once Entra takes it
	Last    *Key        `json:"last,omitempty"`   // on its way out: on the app and in the store until both are seen to be gone
	Moving  Store       `json:"moving,omitempty"` // a store besides Key.Store that may hold the key, as it is moved
	// Abandoned are keys that may be in a store and are of no use, as they could
	// not be deleted.
	Abandoned []Key     `json:"abandoned,omitempty"`
	Owner     Owner     `json:"owner,omitzero"` // the copy of the program that works on it
	Linked    time.Time `json:"linked"`
	Updated   time.Time `json:"updated"`
}

// Begun is what was begun on the account and not ended.
func (a Account) Begun() Begun {
	switch {
	case a.Next != nil:
		return Rotating
	case a.Last != nil:
		return OldKeyLeft
	case a.Moving != "":
		return MovingKey
	case len(a.Abandoned) > 0:
		return KeysLeft
	}
	return ""
}

// Begun is an operation that was begun and not ended.
type Begun string

// What may have been begun on an account, and by a draft beside onboarding.
const (
	Rotating   Begun = "rotation" // another key is on its way in
	OldKeyLeft Begun = "old-key"  // the one before is still on the app or in the store
	MovingKey  Begun = "move"     // the key may be in two stores
	KeysLeft   Begun = "keys"     // keys that nobody needs could not be deleted
	Repointing Begun = "re-point" // a draft that is to take an account's place
	Removing   Begun = "removal"  // a draft that was an account
)

// Microsoft is the app registration of the account's link, zero for AWS.
func (a Account) Microsoft() MicrosoftLink { return microsoft(a.Link) }

// Azure is the account's link as an AzureLink, zero when it is another's.
func (a Account) Azure() AzureLink { l, _ := a.Link.(AzureLink); return l }

// AWS is the account's link as an AWSLink, zero when it is another's.
func (a Account) AWS() AWSLink { l, _ := a.Link.(AWSLink); return l }

// WithMicrosoft is the account with that app registration in its link.
func (a Account) WithMicrosoft(m MicrosoftLink) Account {
	a.Link = withMicrosoft(a.Link, m)
	return a
}

// Own are the keys in use: its own, and its authority's.
func (a Account) Own() []Key {
	if a.Authority == nil {
		return []Key{a.Key}
	}
	return []Key{a.Key, *a.Authority}
}

// Leaving is the draft that an account is while it is removed: all that is known
// of what it has here and what was made for it in the cloud. Keys that an
// operation left behind come first, the one in use last.
func (a Account) Leaving() Draft {
	d := Draft{
		ID: a.ID, Name: a.Name, Provider: a.Provider, Cloud: a.Cloud, Authority: a.Authority, Link: a.Link, Made: a.Made, Leaving: true,
		Way: ByHand, Created: a.Linked, Updated: a.Updated,
	}
	if !a.Made.Nothing() {
		d.Way = Automatic
	}
	d.Keys = append(d.Keys, a.Abandoned...)
	for _, k := range []*Key{a.NextAuthority, a.LastAuthority, a.Last, a.Next, &a.Key} {
		if k != nil && k.ID != "" { // of an AWS account by a profile there is none
			d.Keys = append(d.Keys, *k)
		}
	}
	if a.Moving != "" {
		for _, k := range a.Own() {
			k.Store = a.Moving
			d.Keys = append([]Key{k}, d.Keys...)
		}
	}
	return d
}

// Row is an account or draft as a list shows it.
type Row struct {
	ID       ID        `json:"id"`
	Name     Name      `json:"name"`
	Provider Provider  `json:"provider"`
	Cloud    CloudID   `json:"cloud,omitempty"`
	Identity string    `json:"identity,omitempty"` // what must not be linked twice, see Draft.Identity
	Expires  time.Time `json:"expires,omitzero"`   // end of the newest certificate
	Updated  time.Time `json:"updated"`
	Way      Way       `json:"way,omitempty"`     // of a draft, as soon as it is chosen
	Passed   []string  `json:"passed,omitempty"`  // of a draft: its trail
	Begun    Begun     `json:"begun,omitempty"`   // what was begun and not ended, beside onboarding
	Holder   string    `json:"holder,omitempty"`  // what is linked, as people know it: the tenant's name, the AWS account's number
	Profile  string    `json:"profile,omitempty"` // of the AWS configuration files, where it is linked by one
	Store    Store     `json:"store,omitempty"`   // of an account: where its key is; empty where it has none
	Owned    bool      `json:"-"`                 // a living copy of the program, not this one, works on it
}

// Row is the draft as a list shows it.
func (d Draft) Row() Row {
	return Row{ID: d.ID, Name: d.Name, Provider: d.Provider, Cloud: d.Cloud, Identity: d.Identity(), Expires: d.Key().Certificate.NotAfter, Updated: d.Updated, Way: d.Way, Passed: d.Trail, Begun: d.begun()}.of(d.Link)
}

func (d Draft) begun() Begun {
	switch {
	case d.Leaving:
		return Removing
	case d.Replaces != "":
		return Repointing
	}
	return ""
}

// Row is the account as a list shows it.
func (a Account) Row() Row {
	return Row{ID: a.ID, Name: a.Name, Provider: a.Provider, Cloud: a.Cloud, Identity: a.Identity(), Expires: a.Key.Certificate.NotAfter, Updated: a.Updated, Begun: a.Begun(), Store: a.Key.Store}.of(a.Link)
}

// of is the row with what it says of a link.
func (r Row) of(l Link) Row {
	if aws, ok := l.(AWSLink); ok {
		r.Holder, r.Profile = string(aws.Account), aws.Named
		return r
	}
	r.Holder = microsoft(l).TenantName
	return r
}

// Contents is what the registry lists, in order of the names.
type Contents struct {
	Accounts []Row
	Drafts   []Row
	Damaged  []Problem // files that could not be read: RegistryNewer, RegistryDamaged, RegistryUnread
}

// Identity is what two accounts may not share: cloud, tenant and client, for
// Azure beside Microsoft; the role of AWS, in whose ARN is the account's number, and
// the trust anchor, of which a link by a profile has none. Empty while it is not
// known.
func (d Draft) Identity() string { return identity(d.Cloud, d.Link) }

// Identity is as Draft.Identity.
func (a Account) Identity() string { return identity(a.Cloud, a.Link) }

func identity(cloud CloudID, l Link) string {
	if aws, ok := l.(AWSLink); ok {
		if aws.Role == "" {
			return ""
		}
		return string(AWS) + "/" + string(aws.Role) + "/" + string(aws.Anchor)
	}
	m := microsoft(l)
	if m.Tenant == "" || m.Client == "" {
		return ""
	}
	id := string(cloud.Cloud().ID) + "/" + string(m.Tenant) + "/" + string(m.Client)
	if l.Provider() == Azure {
		id = string(Azure) + "/" + id
	}
	return id
}

type plainDraft Draft

// MarshalJSON writes the link under the name of its provider.
func (d Draft) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		plainDraft
		linkJSON
	}{plainDraft(d), linkOut(d.Link)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (d *Draft) UnmarshalJSON(b []byte) error {
	var in struct {
		*plainDraft
		linkJSON
	}
	in.plainDraft = (*plainDraft)(d)
	if err := json.Unmarshal(b, &in); err != nil {
		return fmt.Errorf("read draft: %w", err)
	}
	d.Link = in.link()
	return nil
}

type plainAccount Account

// MarshalJSON writes the link under the name of its provider.
func (a Account) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		plainAccount
		linkJSON
	}{plainAccount(a), linkOut(a.Link)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (a *Account) UnmarshalJSON(b []byte) error {
	var in struct {
		*plainAccount
		linkJSON
	}
	in.plainAccount = (*plainAccount)(a)
	if err := json.Unmarshal(b, &in); err != nil {
		return fmt.Errorf("read account: %w", err)
	}
	a.Link = in.link()
	return nil
}

// linkJSON is how a link stands in a file: one property a provider.
type linkJSON struct {
	MicrosoftLink *MicrosoftLink `json:"microsoft,omitempty"`
	AzureLink     *AzureLink     `json:"azure,omitempty"`
	AWSLink       *AWSLink       `json:"aws,omitempty"`
}

func linkOut(l Link) (out linkJSON) {
	switch l := l.(type) {
	case MicrosoftLink:
		out.MicrosoftLink = &l
	case AzureLink:
		out.AzureLink = &l
	case AWSLink:
		out.AWSLink = &l
	}
	return out
}

func (l linkJSON) link() Link {
	switch {
	case l.MicrosoftLink != nil:
		return *l.MicrosoftLink
	case l.AzureLink != nil:
		return *l.AzureLink
	case l.AWSLink != nil:
		return *l.AWSLink
	}
	return nil
}

// NewLink is the link that an account of a provider begins with: empty, and of Azure
// with Key Vault Reader, which one has to decline.
func NewLink(p Provider) Link {
	switch p {
	case Azure:
		return AzureLink{Vaults: true}
	case AWS:
		return AWSLink{}
	}
	return MicrosoftLink{}
}
