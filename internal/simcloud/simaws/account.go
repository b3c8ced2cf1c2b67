package simaws

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Organization is what an account is in its organization. All accounts of a
// Cloud that are in one are in the same.
type Organization int

// The parts.
const (
	None Organization = iota // in no organization
	Management
	Member
)

// AccountSpec describes an account to be made. What is empty is made up.
type AccountSpec struct {
	Number       string // 12 digits
	Name         string // in its organization
	Alias        string // empty for none
	Partition    string // aws, aws-us-gov or aws-cn; aws if empty
	Organization Organization
}

// Account is one AWS account.
type Account struct {
	c         *Cloud
	spec      AccountSpec
	partition *partition

	// Guarded by c.mu.
	users    []*user
	roles    []*role
	regional map[string]*regional
	denies   []*policy // of the organization, beside FullAWSAccess
	off      []string  // regions where STS is switched off
	opted    []string  // regions that were opted in to
	linked   bool      // the service-linked role of IAM Roles Anywhere is there
	status   string    // in the organization
}

// regional is what an account has in one region.
type regional struct {
	anchors  []*anchor
	profiles []*profile
	stacks   []*stack
	last     map[string]time.Time // calls to the control plane of Roles Anywhere, by group
}

// AddAccount makes an account.
func (c *Cloud) AddAccount(spec AccountSpec) *Account {
	if spec.Number == "" {
		spec.Number = word(12, "123456789")
	}
	if spec.Name == "" {
		spec.Name = "account " + spec.Number
	}
	if spec.Partition == "" {
		spec.Partition = "aws"
	}
	p := partitionOf(spec.Partition)
	if p == nil {
		panic("no partition " + spec.Partition)
	}
	a := &Account{c: c, spec: spec, partition: p, regional: map[string]*regional{}, status: "ACTIVE"}
	c.set(func() { c.accounts = append(c.accounts, a) })
	return a
}

// Number is the account's number.
func (a *Account) Number() string { return a.spec.Number }

// ARN is the account's own, that of its root user.
func (a *Account) ARN() string { return a.arn("iam", "", "root") }

func (a *Account) arn(service, region, resource string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", a.partition.id, service, region, a.spec.Number, resource)
}

// managedARN is the ARN of a managed policy of AWS in the account's partition.
func (a *Account) managedARN(path string) string {
	return "arn:" + a.partition.id + ":iam::aws:policy/" + path
}

func (a *Account) in(region string) *regional {
	r, ok := a.regional[region]
	if !ok {
		r = &regional{last: map[string]time.Time{}}
		a.regional[region] = r
	}
	return r
}

// enabled tells whether a region is one that the account can use; those of
// another partition never are.
func (a *Account) enabled(region string) bool {
	return slices.Contains(a.partition.regions, region) || slices.Contains(a.opted, region)
}

func (c *Cloud) account(number string) *Account {
	for _, a := range c.accounts {
		if a.spec.Number == number {
			return a
		}
	}
	return nil
}

// Key is an access key.
type Key struct {
	ID     string
	Secret string
}

// AddUser makes a user with an access key: one to whom AdministratorAccess is
// attached, or one who may do what is in actions, which may hold *, and nothing
// else.
func (a *Account) AddUser(name string, administrator bool, actions ...string) Key {
	u := &user{account: a, name: name, id: uniqueID("AIDA")}
	if administrator {
		u.policies = append(u.policies, managedPolicies()["AdministratorAccess"])
	}
	if len(actions) > 0 {
		u.policies = append(u.policies, mustAllow(actions))
	}
	key := Key{"AKIA" + word(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), word(40, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")}
	a.c.set(func() {
		a.users = append(a.users, u)
		a.c.keys[key.ID] = &credential{secret: key.Secret, who: u.principal()}
	})
	return key
}

func mustAllow(actions []string) *policy {
	p, f := parsePolicy(`{"Version":"2012-10-17","Statement":[`+allow(strings.Join(actions, " "))+`]}`, identity)
	if f != nil {
		panic(f.message)
	}
	p.name = "allowed"
	return p
}

// Deactivate makes a key unusable.
func (a *Account) Deactivate(id string) {
	a.c.set(func() {
		if k, ok := a.c.keys[id]; ok {
			k.inactive = true
		}
	})
}

// AttachSCP attaches a service control policy to the account, beside
// FullAWSAccess: what it denies is denied to everybody in the account. It has no
// effect on a management account, as in AWS.
func (a *Account) AttachSCP(document string) error {
	p, f := parsePolicy(document, control)
	if f != nil {
		return f
	}
	p.name = "scp"
	a.c.set(func() { a.denies = append(a.denies, p) })
	return nil
}

// DetachSCPs takes them all back.
func (a *Account) DetachSCPs() { a.c.set(func() { a.denies = nil }) }

// SetSTS switches STS of a region on or off for the account; on at first.
func (a *Account) SetSTS(region string, on bool) {
	a.c.set(func() {
		a.off = slices.DeleteFunc(a.off, func(r string) bool { return r == region })
		if !on {
			a.off = append(a.off, region)
		}
	})
}

// OptIn opts in to a region that is off at first, as eu-south-1.
func (a *Account) OptIn(region string) { a.c.set(func() { a.opted = append(a.opted, region) }) }

// SetStatus is the account's status in its organization: ACTIVE at first,
// SUSPENDED or PENDING_CLOSURE.
func (a *Account) SetStatus(status string) { a.c.set(func() { a.status = status }) }

// Error makes a failure an error, for what is done in the console.
func (f *failure) Error() string { return f.code + ": " + f.message }

// asError keeps a nil failure a nil error.
func (f *failure) asError() error {
	if f == nil {
		return nil
	}
	return f
}
