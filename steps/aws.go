package steps

import (
	"cmp"
	"strings"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// AWSByHand is the road of who makes the stack in the console: the keys are made
// here, the template is uploaded there, and its Outputs come back. An account that
// is used by a profile has no stack.
func AWSByHand(d account.Draft) []Stop {
	if d.AWS().Method == account.ByProfile {
		return []Stop{cloudStop, awsTypeStop, awsNameStop, awsMethodStop, awsProfileStop, verifyStop, connectedStop}
	}
	return []Stop{
		cloudStop, awsTypeStop, awsNameStop, awsMethodStop, awsWayStop, awsStoreStop,
		awsTemplateStop, awsStackStop, awsOutputsStop, verifyStop, connectedStop,
	}
}

// AWSAutomatic is the road of who signs in with a profile once: what will be made
// is shown before.
func AWSAutomatic(account.Draft) []Stop {
	return []Stop{
		cloudStop, awsTypeStop, awsNameStop, awsMethodStop, awsWayStop, awsStoreStop,
		awsSignInStop, awsPlanStop, applyStop, connectedStop,
	}
}

// awsStoreStop is the key store's page for both keys.
var awsStoreStop = Stop{
	Name:   storeStop.Name,
	Skip:   func(d account.Draft) bool { return storeStop.Skip(d) },
	Screen: func(e Env, d account.Draft) Step { return storeStop.Screen(e, d) },
	Plain:  plainStore,
}

// NewAWSKeys are the keys to be made for an AWS account that has none yet. With a
// directory the template is written there.
func NewAWSKeys(e Env, s account.Store, directory string) link.AWSWish {
	return link.AWSWish{Key: account.KeyID(e.NewID()), Authority: account.KeyID(e.NewID()), Store: s, Directory: directory}
}

// BeginAWS is a link with what is random in it: the tag, which is a part of every
// name that is made, and the external id. Both are made once a draft.
func BeginAWS(e Env, l account.AWSLink) account.AWSLink {
	const digits = 8
	if l.Tag == "" {
		l.Tag = strings.ReplaceAll(e.NewID(), "-", "")[:digits]
	}
	l.ExternalID = cmp.Or(l.ExternalID, e.NewID())
	return l
}

// AWSWrongType says why an account is not of the type that was chosen; empty where
// it is, or where that cannot be told.
func AWSWrongType(l account.AWSLink, who account.AWSCaller) string {
	switch {
	case l.Type == account.AWSManagement && who.Management == account.Missing:
		return Advise(&account.Problem{Kind: account.AWSNotManagement, Subject: string(who.Account)}).Line()
	case l.Type == account.AWSLinked && who.Management == account.Holds:
		return "Account " + string(who.Account) + " is a management account, or in no organization. It is linked as a " + account.AWSManagement.String() + "."
	}
	return ""
}

// AWSLinkedAlready is the problem of an account that is linked here by another
// name: there is one role of that name in an account. Nil where it is not.
func AWSLinkedAlready(known []account.Row, d account.Draft, number account.AWSAccount) error {
	for _, r := range known {
		if r.Provider == account.AWS && r.ID != d.ID && strings.Contains(r.Identity, "::"+string(number)+":role/"+account.AWSRoleName+"/") {
			return &account.Problem{Kind: account.AlreadyLinked, Subject: string(r.Name), Code: string(account.AWS)}
		}
	}
	return nil
}

// awsAccountWords is an account as people call it: its number in groups, and its
// alias.
func awsAccountWords(number account.AWSAccount, alias string) string {
	const group = 4
	s := string(number)
	if len(s) == 3*group {
		s = s[:group] + "-" + s[group:2*group] + "-" + s[2*group:]
	}
	if alias != "" {
		s += " (" + alias + ")"
	}
	return s
}

// awsAdministrator tells whether who signed in is of the account that a draft is
// bound to.
func awsAdministrator(d account.Draft, who account.AWSCaller) *account.Problem {
	if l := d.AWS(); l.Account != "" && l.Account != who.Account && link.Bound(d) {
		return &account.Problem{Kind: account.AWSOtherAccount, Subject: string(who.Account)}
	}
	return nil
}
