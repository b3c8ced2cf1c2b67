package account

import "time"

// CheckName names one thing that is checked of an account.
type CheckName string

// The checks of a Microsoft account, in the order they are shown.
const (
	CertificateAccepted CheckName = "certificate"    // a token was issued for the stored key
	RightTenant         CheckName = "tenant"         // GET /organization answers with the id that was entered
	GlobalReader        CheckName = "global-reader"  // the directory role is in force
	Consent             CheckName = "consent"        // AccessReview.Read.All is granted to our enterprise app
	AccessReviews       CheckName = "access-reviews" // one real access-review read
	Foreign             CheckName = "foreign"        // nothing on the app that is not ours
	KeyLife             CheckName = "key-life"       // days left of the certificate
)

// The checks of an Azure account beside CertificateAccepted, RightTenant,
// GlobalReader, Foreign and KeyLife.
const (
	Subscriptions CheckName = "subscriptions" // it sees subscriptions
	AzureReads    CheckName = "azure-reader"  // Reader holds at every scope that was chosen
	KeyVaults     CheckName = "key-vaults"    // Key Vault Reader holds there, where it is wanted
	AzureReadOnly CheckName = "azure-roles"   // no role of it may change anything
)

// The checks of an AWS account beside KeyLife.
const (
	AWSSession     CheckName = "aws-session"     // credentials were issued for the stored key
	AWSIdentity    CheckName = "aws-identity"    // they are the role's, in the account that is linked
	AWSTrust       CheckName = "aws-trust"       // the role's trust policy, the anchor and the profile are ours
	AWSPolicies    CheckName = "aws-policies"    // both policies are attached and nothing stronger
	AWSPermissions CheckName = "aws-permissions" // the permission matrix
	AWSReadOnly    CheckName = "aws-read-only"   // writes and reads of data are refused
	AuthorityLife  CheckName = "authority-life"  // days left of the authority's certificate
)

// CheckState is how a check ended.
type CheckState string

// The states. Unknown is not a failure: it says that this could not be told.
const (
	Holds   CheckState = "holds"
	Waiting CheckState = "waiting" // may still be spreading
	Missing CheckState = "missing"
	Warning CheckState = "warning" // linked, but
	Unknown CheckState = "unknown" // could not be checked
)

// Check is the outcome of one check.
type Check struct {
	Name     CheckName  `json:"name"`
	State    CheckState `json:"state"`
	Problem  *Problem   `json:"problem,omitempty"` // why, for every state but Holds
	Detail   []string   `json:"detail,omitempty"`  // what was found: names, counts; cleaned
	At       time.Time  `json:"at"`
	Evidence []Evidence `json:"evidence,omitempty"`
}

// InOrder are the checks of those names in their order, made at that time. What is
// not among made was not asked.
func InOrder(names []CheckName, made map[CheckName]Check, at time.Time) []Check {
	all := make([]Check, 0, len(names))
	for _, n := range names {
		c, ok := made[n]
		if !ok {
			c = Check{State: Unknown, Problem: &Problem{Kind: NotAsked}}
		}
		c.Name, c.At = n, at
		all = append(all, c)
	}
	return all
}

// Expiring is how long before its end the certificate of a key in use is called out.
const Expiring = 30 * 24 * time.Hour

// LifeLeft is the check of how long a certificate still holds: a Warning from the
// time before its end on that warn is.
func (c Certificate) LifeLeft(warn time.Duration, now time.Time) Check {
	left := c.NotAfter.Sub(now)
	switch {
	case !c.Made():
		return Check{State: Unknown, Problem: &Problem{Kind: NotAsked}}
	case left <= 0:
		return Check{State: Missing, Problem: &Problem{Kind: Expired}}
	}
	detail := Counted(int(left/(24*time.Hour)), "day")
	if left < warn {
		return Check{State: Warning, Problem: &Problem{Kind: ExpiringSoon, Left: left}, Detail: []string{detail}}
	}
	return Check{State: Holds, Detail: []string{detail}}
}

// Evidence is one question that was put to a service, and its answer. It holds
// no token, no body and no query that could carry one.
type Evidence struct {
	At              time.Time `json:"at"`
	Method          string    `json:"method"`
	Path            string    `json:"path"` // host and path, with the query of a read
	Status          int       `json:"status"`
	RequestID       string    `json:"requestId,omitempty"`       // the service's
	ClientRequestID string    `json:"clientRequestId,omitempty"` // ours
}

// Facts is what a verification learned about the other side. Empty fields were
// not learned.
type Facts struct {
	TenantName  string   `json:"tenantName,omitempty"`
	Domains     []string `json:"domains,omitempty"`
	Initial     Domain   `json:"initial,omitempty"`
	AppName     string   `json:"appName,omitempty"`
	Application ObjectID `json:"application,omitempty"`
	Principal   ObjectID `json:"principal,omitempty"`
	Review      string   `json:"review,omitempty"`      // the newest access review's name
	ReviewsRead bool     `json:"reviewsRead,omitempty"` // the list could be read, also when it is empty

	Subscriptions []AzureGroup `json:"subscriptions,omitempty"` // that an Azure account sees
	Caller        *AWSCaller   `json:"caller,omitempty"`        // who an AWS account is
}

// Target is what is verified of an app registration: whose app in which tenant,
// with which certificate, and for which provider's accounts.
type Target struct {
	Provider    Provider // Azure, or else Microsoft
	Cloud       CloudID
	Link        MicrosoftLink
	Certificate Certificate
}

// AzureTarget is what is verified of an Azure account.
type AzureTarget struct {
	Target
	Scopes []AzureScope
	Vaults bool
}

// Report is what one verification found.
type Report struct {
	Provider Provider  `json:"provider,omitempty"` // empty is Microsoft
	At       time.Time `json:"at"`
	Checks   []Check   `json:"checks"`
	Facts    Facts     `json:"facts"`
}

// Check is the check of that name, and whether it was made.
func (r Report) Check(n CheckName) (Check, bool) {
	for _, c := range r.Checks {
		if c.Name == n {
			return c, true
		}
	}
	return Check{}, false
}

// LastCheck is a report as a list shows it.
type LastCheck struct {
	At    time.Time
	State CheckState // of the worst check
}

// Worst is the state of the worst check: Missing, Unknown, Warning or Holds.
// One that waits is missing.
func (r Report) Worst() CheckState {
	state := Holds
	for _, c := range r.Checks {
		switch {
		case c.State == Missing, c.State == Waiting:
			return Missing
		case c.State == Unknown, c.State == Warning && state == Holds:
			state = c.State
		}
	}
	return state
}

// Admission is the check whether the account is let in at all; the zero Check
// where it was not made.
func (r Report) Admission() Check {
	n := CertificateAccepted
	if r.Provider == AWS {
		n = AWSSession
	}
	c, _ := r.Check(n)
	return c
}

// Holds tells whether the check of that name was made and holds, or is only a warning.
func (r Report) Holds(n CheckName) bool {
	c, ok := r.Check(n)
	return ok && (c.State == Holds || c.State == Warning)
}

// essential are the checks that make an account of each provider.
var essential = map[Provider][]CheckName{
	"":        {CertificateAccepted, RightTenant, GlobalReader, Consent},
	Microsoft: {CertificateAccepted, RightTenant, GlobalReader, Consent},
	Azure:     {CertificateAccepted, RightTenant, GlobalReader, Subscriptions, AzureReads},
	AWS:       {AWSSession, AWSIdentity, AWSTrust, AWSPolicies},
}

// Linked tells whether every check that makes an account holds: that it is let
// in, where it should be, and that what it reads by is in force. Warnings do not
// stand in the way.
func (r Report) Linked() bool {
	for _, n := range essential[r.Provider] {
		if _, asked := r.Check(n); !asked && ofStack[n] {
			continue
		}
		if !r.Holds(n) {
			return false
		}
	}
	return true
}

// ofStack are the checks of what a stack made. An AWS account that is linked by
// a profile has none, and its reports do not have them.
var ofStack = map[CheckName]bool{AWSTrust: true, AWSPolicies: true}

// Settled tells whether every check that makes an account holds, and none is
// waiting that may come to hold by itself.
func (r Report) Settled() bool {
	for _, c := range r.Checks {
		if c.State == Waiting {
			return false
		}
	}
	return r.Linked()
}
