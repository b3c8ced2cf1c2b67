package account

import (
	"errors"
	"time"
)

// Kind says what went wrong, in this program's own terms. Packages that talk
// to the outside classify into a Kind; steps/advice.go alone puts it into words.
type Kind string

// What a person entered.
const (
	InputEmpty          Kind = "input-empty"
	InputLong           Kind = "input-long"
	InputNotID          Kind = "input-not-id"     // neither a GUID nor anything that holds one
	InputManyIDs        Kind = "input-many-ids"   // several different GUIDs where one was asked
	InputNotDomain      Kind = "input-not-domain" // not a DNS name
	InputNotTenant      Kind = "input-not-tenant" // neither a tenant's id nor a domain
	InputSameIDs        Kind = "input-same-ids"   // client id and tenant id are equal
	InputTaken          Kind = "input-taken"      // Subject is the account or draft that has the name
	AppTaken            Kind = "app-taken"        // Subject is the account that has this app
	InputReserved       Kind = "input-reserved"   // a word the portal refuses
	InputControl        Kind = "input-control"    // control characters
	AlreadyLinked       Kind = "already-linked"   // Subject is the account with the same cloud, tenant and client
	InputWeakPhrase     Kind = "input-weak-phrase"
	InputMismatch       Kind = "input-mismatch"        // the two passphrases differ
	InputNotScope       Kind = "input-not-scope"       // neither a management group nor a subscription
	InputNotAWSAccount  Kind = "input-not-aws-account" // not 12 digits
	InputOutputsOpen    Kind = "input-outputs-open"    // of a stack's Outputs one is not there; Subject names it
	InputOutputsRegion  Kind = "input-outputs-region"  // they are of another region or partition; Subject is which, Message the home region
	InputOutputsAccount Kind = "input-outputs-account" // they are of two accounts, or of another than the link's; Subject is which
	InputNotRegion      Kind = "input-not-region"
	InputNotARN         Kind = "input-not-arn"
	InputNotRole        Kind = "input-not-role"       // an ARN of something else; Subject is of what
	InputRoleElsewhere  Kind = "input-role-elsewhere" // a role of another partition than the region's; Subject is which, Message the region
)

// The way to a service.
const (
	Offline       Kind = "offline"       // no route, no name; Subject is the host
	TimedOut      Kind = "timed-out"     // Subject is the host
	ProxyRefused  Kind = "proxy-refused" // the proxy answered instead of the service; Subject is the proxy's host
	Untrusted     Kind = "untrusted"     // TLS; Subject is who signed what was seen
	TrustFile     Kind = "trust-file"    // a file of authorities that cannot be used; Subject is its path, Code the variable that names it
	ProxyUnread   Kind = "proxy-unread"  // the proxy's address cannot be read; Subject is the variable, where it is known
	Inspected     Kind = "inspected"     // none of the services' own authorities signed what was seen; Subject is who did
	ClockUnknown  Kind = "clock-unknown" // no host told its time
	NotTheService Kind = "not-service"   // an answer that is not the service's: a captive portal, a proxy's page
	Throttled     Kind = "throttled"     // Wait says how long
	Unavailable   Kind = "unavailable"   // 5xx
	Cancelled     Kind = "cancelled"     // we ended it ourselves
	Unexpected    Kind = "unexpected"    // Code and Message say what came
)

// Tenants and tokens (Entra ID).
const (
	TenantNotFound    Kind = "tenant-not-found"    // in none of the clouds asked
	TenantElsewhere   Kind = "tenant-elsewhere"    // Subject is the cloud it lives in
	TenantFixed       Kind = "tenant-fixed"        // changes were begun in another already; Subject is its id
	OrganizationNone  Kind = "organization-none"   // no tenant has the domain that was entered as organization
	OrganizationOther Kind = "organization-other"  // the organization is another tenant's; Subject is that tenant's id
	AppNotFound       Kind = "app-not-found"       // 700016: wrong client id, Object ID, wrong tenant, deleted, or not spread yet
	NoPrincipal       Kind = "no-principal"        // 7000229: no enterprise app
	AppDisabled       Kind = "app-disabled"        // 7000112
	CertificateUnseen Kind = "certificate-unseen"  // 700027: not uploaded, another file, another app, or not spread yet
	CertificateOver   Kind = "certificate-expired" // 700027: registered, and its dates are over
	SignatureWrong    Kind = "signature-wrong"     // the thumbprint is known, the signature does not fit
	ClockOff          Kind = "clock-off"           // Skew says by how much
	AccessBlocked     Kind = "access-blocked"      // 53003 and kin: Conditional Access for workload identities
	PublicClient      Kind = "public-client"       // 700025
	WeakKey           Kind = "weak-key"            // 50032
	ResourceUnknown   Kind = "resource-unknown"    // 500011: the Graph of another cloud
	TokenRefused      Kind = "token-refused"       // any other AADSTS code
)

// Microsoft Graph.
const (
	WrongTenant          Kind = "wrong-tenant"           // /organization answers another id; Subject is that id
	RoleMissing          Kind = "role-missing"           // a read that Global Reader allows was refused
	PermissionNotAdded   Kind = "permission-not-added"   // the app does not ask for it
	PermissionDelegated  Kind = "permission-delegated"   // asked as a delegated permission
	PermissionNotGranted Kind = "permission-not-granted" // asked, no admin consent
	PermissionSpreading  Kind = "permission-spreading"   // granted; the read is still refused
	PermissionUnseen     Kind = "permission-unseen"      // the access-review read is refused and the grants cannot be read
	NotLicensed          Kind = "not-licensed"           // access reviews need Entra ID P2 or ID Governance
	ReadRefused          Kind = "read-refused"           // 403 on a read that only tells more
	IdentitySpreading    Kind = "identity-spreading"     // Graph does not know the calling app yet
	ForeignFound         Kind = "foreign-found"          // Detail of the check names what
	AppForeign           Kind = "app-foreign"            // an app has the draft's unique name and is not the draft's; Subject is its name
	AnotherInstallation  Kind = "another-installation"   // a second certificate with our tag
	ExpiringSoon         Kind = "expiring-soon"          // Left
	Expired              Kind = "expired"
	NotAsked             Kind = "not-asked" // an earlier check failed, so this one was not made
)

// Key stores and files.
const (
	StoreNotUsable    Kind = "store-not-usable"   // State says why, Subject which store, where that is told
	StoreRanOut       Kind = "store-ran-out"      // a call ran out of time; whether it happened is not known
	StoreKeptNot      Kind = "store-kept-not"     // it said yes and kept nothing
	KeyMissing        Kind = "key-missing"        // no key under that id
	KeyDamaged        Kind = "key-damaged"        // there, and not what was written
	KeyNewer          Kind = "key-newer"          // written by a newer version
	CertificateUnread Kind = "certificate-unread" // no certificate is in the file
	CertificateOther  Kind = "certificate-other"  // none of the file's certificates is of the key
	CertificateEarly  Kind = "certificate-early"  // it does not hold yet
	KeyTooBig         Kind = "key-too-big"        // the store takes less
	WrongPassphrase   Kind = "wrong-passphrase"
	PassphraseFile    Kind = "passphrase-file"  // Subject is the path; its owner, mode or size is wrong
	FileExists        Kind = "file-exists"      // Subject is the path
	FileNotWritten    Kind = "file-not-written" // Subject is the path
	RegistryNewer     Kind = "registry-newer"   // Subject is the path
	RegistryDamaged   Kind = "registry-damaged" // Subject is the path
	RegistryUnread    Kind = "registry-unread"  // Subject is the path
	DirectoryOpen     Kind = "directory-open"   // others may read it; Subject is the path, Message its mode
	HomeUnknown       Kind = "home-unknown"     // where files are kept cannot be told
	KeyOther          Kind = "key-other"        // the key in the store is not the certificate's
	KeysNobodys       Kind = "keys-nobodys"     // keys are in the store that no account and no draft has; Detail of the finding names them
	DraftOwned        Kind = "draft-owned"      // a living copy of the program works on it
	AccountInUse      Kind = "account-in-use"   // a living copy of the program works on it
	NotFound          Kind = "not-found"        // no such account or draft
	Busy              Kind = "busy"             // another copy holds the lock longer than we wait
)

// The administrator's sign-in (Entra ID).
const (
	SignInBlocked       Kind = "sign-in-blocked"         // 53003, 530032, 530035 and kin: a policy or security defaults
	DeviceNotManaged    Kind = "device-not-managed"      // 53000, 53001, 53002, 50097: a policy about devices
	StrongerSignIn      Kind = "stronger-sign-in"        // 50074, 50076, 50158: multifactor or another proof was not given
	StrongerSignInSetUp Kind = "stronger-sign-in-set-up" // 50072, 50079: multifactor has to be set up first
	ConsentMissing      Kind = "consent-missing"         // 65001: the app that one signs in to has no consent
	ConsentDeclined     Kind = "consent-declined"        // 65004, or fewer permissions than were asked for
	ConsentNotAllowed   Kind = "consent-not-allowed"     // 90094: this person may not consent
	ClientUnfit         Kind = "client-unfit"            // 65002, 50011, 7000218 and kin: it cannot have these permissions or is no public client
	ClientNotThere      Kind = "client-not-there"        // 700016 while signing in: not in this cloud or tenant
	ClientDisabled      Kind = "client-disabled"         // 7000112 while signing in
	ClientNotAssigned   Kind = "client-not-assigned"     // 50105: assignment is required and this person has none
	AccountElsewhere    Kind = "account-elsewhere"       // 50020, 50034: no such person in the tenant
	GuestRefused        Kind = "guest-refused"           // 500212, 500213: cross-tenant access
	TenantRestricted    Kind = "tenant-restricted"       // 500021, 500022: the network lets nobody sign in to this tenant
	WrongTenantSignedIn Kind = "wrong-tenant-signed-in"  // the sign-in was to another tenant than was named; Subject is its id
	SignInOver          Kind = "sign-in-over"            // 50173, 70043, 700082, a spent code, 401 of Graph: sign in again
	SignInNotMade       Kind = "sign-in-not-made"        // nobody signed in within the time there was
	DeviceCodeOver      Kind = "device-code-over"        // 70018, 70019, 70020: the code has expired or was used
	DeviceCodeDeclined  Kind = "device-code-declined"    // the person said no
	PortTaken           Kind = "port-taken"              // the loopback address cannot be listened at; Subject is it
)

// Changes in a tenant (Microsoft Graph).
const (
	RightMissing      Kind = "right-missing"      // 403 on a change; Subject is the directory role that would do
	PolicyLife        Kind = "policy-life"        // certificates may not live that long; Left is how long they may, 0 where it was not told
	PolicyAuthority   Kind = "policy-authority"   // only certificates of trusted authorities are taken
	ExpiredKeyInWay   Kind = "expired-key-in-way" // Graph changes no list of certificates that holds an expired one; Subject names it
	QuotaReached      Kind = "quota-reached"      // the directory takes no more objects
	SpreadingTooLong  Kind = "spreading-too-long" // ten minutes were not enough; Message is what was said last
	PurgeNotAllowed   Kind = "purge-not-allowed"  // deleted, and this person may not delete for good; Subject is the object's id, Left how long it can be restored
	PermissionUnknown Kind = "permission-unknown" // Microsoft Graph does not offer AccessReview.Read.All in this tenant
	ProofRefused      Kind = "proof-refused"      // an app's proof that it holds one of its keys was not taken
	AppInUse          Kind = "app-in-use"         // a draft here uses the app that is to be deleted; Subject is its name
	AppDeleted        Kind = "app-deleted"        // the app is among the deleted items; Subject is its object id
)

// Azure Resource Manager.
const (
	AzureRoleMissing   Kind = "azure-role-missing"  // 403 AuthorizationFailed; Subject is the action and the scope
	AzureNotInForce    Kind = "azure-not-in-force"  // a role is not seen to hold; Subject is the role, and where
	NoSubscriptions    Kind = "no-subscriptions"    // the app signs in and sees no subscription: no Reader, or not spread yet
	ScopeNotFound      Kind = "scope-not-found"     // 404: no such management group or subscription; Subject is its id
	PrincipalSpreading Kind = "principal-spreading" // 400 PrincipalNotFound: the enterprise app has not reached Azure yet
	PrincipalWrong     Kind = "principal-wrong"     // 400 UnmatchedPrincipalType: the id is not an enterprise app's
	AssignmentsFull    Kind = "assignments-full"    // the scope takes no more role assignments; Subject is the scope
	AssignmentLocked   Kind = "assignment-locked"   // a lock, or a deny assignment, keeps it; Message says which
	AzureRoleTooStrong Kind = "azure-role-strong"   // the app may change something; Detail of the check names what
	ElevationNotTaken  Kind = "elevation-not-taken" // only a Global Administrator may elevate access
	ElevatedByOther    Kind = "elevated-by-other"   // another person elevated access, and alone can give it back; Subject is the sign-in name
	VaultsByPolicy     Kind = "vaults-by-policy"    // key vaults on access policies, which Key Vault Reader does not open; Detail names them
)

// AWS.
const (
	AWSKeyUnknown     Kind = "aws-key-unknown"     // InvalidClientTokenId: deleted, deactivated, or another partition's
	AWSSecretWrong    Kind = "aws-secret-wrong"    // SignatureDoesNotMatch
	AWSSignInOver     Kind = "aws-sign-in-over"    // ExpiredToken, or the SSO session is over; Subject is the command that renews it
	AWSNoProfile      Kind = "aws-no-profile"      // Subject is the name
	AWSNoCredentials  Kind = "aws-no-credentials"  // the profile has none that can be used; Subject is its name, Message why
	AWSDenied         Kind = "aws-denied"          // AccessDenied; Subject is the action where it is named
	AWSOrganization   Kind = "aws-organization"    // a service control policy denies it; Subject is the action
	AWSRegionOff      Kind = "aws-region-off"      // RegionDisabledException, or an opt-in region; Subject is the region
	AWSOtherAccount   Kind = "aws-other-account"   // Subject is the account that was found
	AWSNotManagement  Kind = "aws-not-management"  // the account is a member of an organization; Subject is its number
	AWSEndpoint       Kind = "aws-endpoint"        // the environment or a profile sends calls elsewhere; Subject is what says so
	AWSUntrusted      Kind = "aws-untrusted"       // the trust anchor does not trust the certificate
	AWSRoleNotTaken   Kind = "aws-role-not-taken"  // Unable to assume role: its trust policy, the profile, a service control policy, or not spread yet
	AWSGone           Kind = "aws-gone"            // the trust anchor, the profile or the role is not there; Subject is which
	AWSDisabled       Kind = "aws-disabled"        // the trust anchor or the profile is disabled; Subject is which
	AWSNameTaken      Kind = "aws-name-taken"      // something of that name is there and is not ours; Subject is the name
	AWSStackOther     Kind = "aws-stack-other"     // the stack has been changed by somebody else; Subject is its name
	AWSStackFailed    Kind = "aws-stack-failed"    // Subject is the stack, Message the first reason
	AWSStackBusy      Kind = "aws-stack-busy"      // another change of the stack is under way; Subject is its state
	AWSTemplate       Kind = "aws-template"        // MalformedPolicyDocument, ValidationError: should not happen
	AWSTrustChanged   Kind = "aws-trust-changed"   // the role's trust policy is not ours; Detail of the check says how
	AWSPolicyMissing  Kind = "aws-policy-missing"  // Detail names which
	AWSPolicyStrong   Kind = "aws-policy-strong"   // more is attached than ours; Detail names what
	AWSPermission     Kind = "aws-permission"      // Detail says which lines of the matrix do not hold
	AWSWritable       Kind = "aws-writable"        // the role may change something; Detail names what
	AuthorityGone     Kind = "authority-gone"      // the authority's key was deleted, or has expired: it signs nothing any more
	AWSAuthorityOther Kind = "aws-authority-other" // the trust anchor has another certificate than ours
)

// Problem is an error that a person can do something about. The fields beyond
// Kind are filled where the kind says so; texts are cleaned.
type Problem struct {
	Kind          Kind          `json:"kind"`
	Subject       string        `json:"subject,omitempty"`
	State         StoreState    `json:"state,omitempty"`
	Code          string        `json:"code,omitempty"`    // "AADSTS700016", "Authorization_RequestDenied"
	Message       string        `json:"message,omitempty"` // the service's own first sentence
	Status        int           `json:"status,omitempty"`  // HTTP
	RequestID     string        `json:"requestId,omitempty"`
	CorrelationID string        `json:"correlationId,omitempty"`
	ServerTime    time.Time     `json:"serverTime,omitzero"`
	Skew          time.Duration `json:"skew,omitempty"` // this machine's clock less the server's
	Wait          time.Duration `json:"wait,omitempty"`
	Left          time.Duration `json:"left,omitempty"`
	Err           error         `json:"-"` // the cause, for --debug; it holds no secret
}

// Error is the kind and the code, for logs; people read steps/advice.go.
func (p *Problem) Error() string {
	s := string(p.Kind)
	for _, more := range []string{p.Subject, string(p.State), p.Code, p.Message} {
		if more != "" {
			s += ": " + more
		}
	}
	if p.Err != nil {
		s += ": " + Clean(p.Err.Error(), 300)
	}
	return s
}

// Unwrap is the cause.
func (p *Problem) Unwrap() error { return p.Err }

// Is tells whether target is a Problem of the same kind, so that
// errors.Is(err, &Problem{Kind: AppNotFound}) asks for a kind.
func (p *Problem) Is(target error) bool {
	t, ok := target.(*Problem)
	return ok && t.Kind == p.Kind
}

// AsProblem is the Problem in err's chain, or an Unexpected one around err;
// nil for nil.
func AsProblem(err error) *Problem {
	if err == nil {
		return nil
	}
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return &Problem{Kind: Unexpected, Message: Clean(err.Error(), 200), Err: err}
}

// KindOf is the kind of the Problem in err's chain, Unexpected for another
// error and "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	return AsProblem(err).Kind
}

// MayPass tells whether a call that ended so had no answer, and may have one in a
// while.
func (k Kind) MayPass() bool {
	switch k {
	case Offline, TimedOut, Unavailable, NotTheService:
		return true
	}
	return false
}

// Passing tells whether a call that ended so may be answered in a while: it had no
// answer, or was one too many.
func Passing(err error) bool {
	kind := KindOf(err)
	return kind.MayPass() || kind == Throttled
}
