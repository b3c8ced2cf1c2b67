package account

import (
	"slices"
	"strings"
	"time"
)

// SignInWay is how an administrator signs in.
type SignInWay string

// The two rungs of the sign-in ladder.
const (
	InBrowser    SignInWay = "browser"     // a browser on this machine, or at the end of a tunnel
	ByDeviceCode SignInWay = "device-code" // a code that is typed into a browser anywhere
)

// SignInWish is whose sign-in is asked for.
type SignInWish struct {
	Cloud  CloudID
	Tenant TenantID // the one that was named; another's sign-in is refused
	Hint   string   // sign-in name to begin with, or empty
	Client ClientID // the app that people sign in to; zero is [Resource.Client]
	For    Resource // what the sign-in is for; zero is Microsoft Graph
}

// Resource is what a token is for: one of Microsoft's services. A token of one
// is none of the other's.
type Resource string

// The resources.
const (
	MicrosoftGraph  Resource = ""
	ResourceManager Resource = "azure-resource-manager"
)

// Client is the app of Microsoft's own that people sign in to for the resource,
// unless another is wished for. Each may act at its own resource only: Command Line
// Tools is refused for Azure Resource Manager.
func (r Resource) Client() ClientID {
	if r == ResourceManager {
		return AzureCLI
	}
	return CommandLineTools
}

// SignInPrompt is what a person has to be shown to sign in.
type SignInPrompt struct {
	Way     SignInWay
	Expires time.Time // after which it is worth nothing

	URL  string // to be opened in a browser
	Port int    // where the browser's answer is awaited, for a tunnel

	UserCode        string // to be typed
	VerificationURL string // where
}

// CommandLineTools is the client id of Microsoft Graph Command Line Tools, a
// public client of Microsoft's own, the same in every tenant.
// Source: github.com/microsoftgraph/msgraph-sdk-powershell.
const CommandLineTools = ClientID("14d82eec-204b-4c2f-b7e8-296a70dab67e")

// AzureCLI is the client id of the Microsoft Azure CLI, a public client of
// Microsoft's own, the same in every tenant, and preauthorised for Azure Resource
// Manager. Source: github.com/Azure/azure-cli.
const AzureCLI = ClientID("04b07795-8ddb-461a-bbee-02f9e1bf7b46")

// Person is who signed in. Texts are cleaned.
type Person struct {
	ID     ObjectID
	Name   string
	UPN    string
	Tenant TenantID
	Client ClientID // the app signed in to
}

// Rung is how to go on after a sign-in that was refused.
type Rung string

// The rungs.
const (
	RungAgain      Rung = "again" // the same way once more, after what the advice says was done
	RungBrowser    Rung = "browser"
	RungDeviceCode Rung = "device-code"
	RungByHand     Rung = "by-hand" // no sign-in here at all
)

// NextRungs are what helps after a sign-in that way ended with that kind of
// problem, the best first. Nothing helps where it is empty: the refusal holds
// for every way from this machine. Device code does not help against a policy
// about devices, as the device that asks cannot tell its state. Source:
// learn.microsoft.com/entra/identity/conditional-access/concept-conditional-access-grant.
func NextRungs(way SignInWay, k Kind) []Rung {
	other := RungDeviceCode
	if way == ByDeviceCode {
		other = RungBrowser
	}
	switch k {
	case SignInBlocked, DeviceNotManaged:
		if way == ByDeviceCode {
			return []Rung{RungBrowser, RungByHand}
		}
		return []Rung{RungByHand}
	case StrongerSignIn, StrongerSignInSetUp:
		return []Rung{RungAgain, other, RungByHand}
	case ConsentDeclined, AccountElsewhere, GuestRefused, WrongTenantSignedIn, SignInOver:
		return []Rung{RungAgain, RungByHand}
	case ConsentMissing, ConsentNotAllowed, ClientNotThere, ClientDisabled, ClientNotAssigned, ClientUnfit:
		return []Rung{RungByHand, RungAgain}
	case TenantRestricted, Cancelled:
		return nil
	case DeviceCodeOver, DeviceCodeDeclined, SignInNotMade:
		return []Rung{RungAgain, other, RungByHand}
	case PortTaken:
		return []Rung{RungAgain, RungDeviceCode, RungByHand}
	case Offline, TimedOut, ProxyRefused, Untrusted, NotTheService, Throttled, Unavailable, TenantNotFound, TenantElsewhere:
		return []Rung{RungAgain}
	}
	return []Rung{RungAgain, other, RungByHand}
}

// SurveyWish is what is looked for in a tenant besides the tenant itself.
type SurveyWish struct {
	Provider Provider // whose accounts' rights are looked at; Azure's need no consent
	Unique   string   // unique name of the draft's own app; empty looks for none
	Adopt    ClientID // an app that the person named to be used; zero looks for none
}

// Survey is what the signed-in administrator sees before anything is changed.
// Texts are cleaned.
type Survey struct {
	Person      Person
	TenantName  string
	Domains     []string
	Initial     Domain
	Roles       []string // names of the active directory roles of the person
	RolesRead   bool     // else they are not known
	Rights      []Right  // what the changes need, in the order of the changes
	Tagged      []App    // apps that carry our tag
	TaggedRead  bool
	Own         App       // of that unique name; zero: there is none to be seen
	Adopted     Adoptable // of that client id
	Graph       ObjectID  // Microsoft Graph's own enterprise app
	Permission  CheckState
	Life        time.Duration // the longest that a certificate may live; 0: no limit is seen
	TrustedOnly bool          // only certificates of trusted authorities are taken
	PolicyRead  bool          // else Life and TrustedOnly are not known
	Evidence    []Evidence
}

// RightName names one right that the changes need.
type RightName string

// The rights, in the order in which they are needed.
const (
	MayRegister RightName = "register" // the app and its enterprise app
	MayConsent  RightName = "consent"
	MayAssign   RightName = "assign" // Global Reader
	MayPurge    RightName = "purge"  // only for taking everything back
)

// Right is one right, and whether the person has it: Holds, Missing or Unknown.
type Right struct {
	Name  RightName
	Roles []string // names of the directory roles that give it, the least first
	State CheckState
}

// App is an app registration as far as it was read.
type App struct {
	Application ObjectID  `json:"application"`
	Client      ClientID  `json:"client"`
	Name        string    `json:"name"`
	Unique      string    `json:"unique,omitempty"`
	Made        time.Time `json:"made,omitzero"`
	Owners      []string  `json:"owners,omitempty"`
	Keys        []AppKey  `json:"keys,omitempty"`
	Secrets     int       `json:"secrets,omitempty"`
	Created     bool      `json:"-"` // by the very call that returns it
}

// Found tells whether there is one.
func (a App) Found() bool { return a.Application != "" }

// OnlyKey tells whether the certificate is the app's one and only credential.
func (a App) OnlyKey(c Certificate) bool {
	return len(a.Keys) == 1 && a.Secrets == 0 && a.Keys[0].Is(c)
}

// AppKey is one certificate of an app.
type AppKey struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Thumbprint string    `json:"thumbprint"` // SHA-1 or SHA-256 in hex; empty where none was told
	End        time.Time `json:"end"`
}

// Is tells whether the key is that certificate.
func (k AppKey) Is(c Certificate) bool {
	return k.Thumbprint != "" && slices.ContainsFunc([]string{c.SHA1, c.SHA256}, func(t string) bool { return strings.EqualFold(t, k.Thumbprint) })
}

// Adoptable is an app that is there already, and what using it would take over.
type Adoptable struct {
	App       App
	Principal ObjectID // its enterprise app; empty: none
	Foreign   []string // everything on it that is not ours, a line each
	Unread    *Problem // why a part could not be looked at
}

// AppWish is the app registration to be made.
type AppWish struct {
	Provider    Provider // an Azure account's app asks for no permission; else Microsoft's
	Unique      string   // unique name, by which it is found again
	Name        string   // display name
	Certificate Certificate
}

// Adoption is what was added to an app that was there already; taking it back
// removes no more.
type Adoption struct {
	App        App  `json:"app"`
	Key        bool `json:"key"`
	Permission bool `json:"permission"`
}

// Principal is an enterprise app.
type Principal struct {
	ID      ObjectID `json:"id"`
	Created bool     `json:"-"` // by the very call that returns it
}

// Found tells whether there is one.
func (p Principal) Found() bool { return p.ID != "" }

// AssignmentID names a granted permission or an assigned role.
type AssignmentID string

// Assignment is a granted permission or an assigned role.
type Assignment struct {
	ID      AssignmentID `json:"id"`
	Created bool         `json:"-"` // by the very call that returns it
}

// Found tells whether there is one.
func (a Assignment) Found() bool { return a.ID != "" }

// BinnedKind is what a deleted object was, as Microsoft Graph calls it.
type BinnedKind string

// The kinds.
const (
	BinnedApplication BinnedKind = "application"
	BinnedPrincipal   BinnedKind = "servicePrincipal"
)

// Binned is what became of a deleted object.
type Binned struct {
	Object ObjectID
	Kind   BinnedKind
	Name   string // under which it stands among the deleted ones
	Purged bool
	Until  time.Time // not purged: it can be restored until then
}

// PauseReason is why a change pauses.
type PauseReason string

// The reasons.
const (
	AppSpreads       PauseReason = "app-spreads"       // the app registration has not reached every part of the directory
	PrincipalSpreads PauseReason = "principal-spreads" // nor has the enterprise app
	MadeUnseen       PauseReason = "made-unseen"       // what is made already is not shown yet
	GoneSeen         PauseReason = "gone-seen"         // what is deleted is still shown
	AnswerLost       PauseReason = "answer-lost"       // an answer was lost, or the service has a problem of its own
	AskedToWait      PauseReason = "asked-to-wait"     // the service asked to be left alone
	StackBuilds      PauseReason = "stack-builds"      // CloudFormation is at work; Detail says at what
)

// Pause is a change that waits, for a clock on the screen.
type Pause struct {
	Reason PauseReason
	Since  time.Time // when the first pause of this change began
	Next   time.Time // when it looks again
	Until  time.Time // when it gives up
	Detail string    // what is at work, cleaned
}
