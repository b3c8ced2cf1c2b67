package steps

import (
	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// InTenant tells whether the program made something in the cloud by itself for a
// draft, or may have: that is taken back, which takes a sign-in.
func InTenant(d account.Draft) bool { return d.Made.Unique != "" || link.Bound(d) }

// TakeBackWords say what taking a draft back does, and what is left where it is
// thrown away here only.
func TakeBackWords(d account.Draft) (back, here string) {
	azure, roles := "", ""
	if InAzure(d) {
		azure, roles = ", and one for Azure", ", its roles in Azure"
	}
	switch {
	case d.Provider == account.AWS:
		stack := d.AWS().StackName()
		return "This draft made the stack " + stack + " in AWS, or was about to. Taking everything back needs a profile of the account: it deletes the stack there, and then the draft and its keys here.",
			"This leaves the stack " + stack + " in AWS, region " + string(d.AWS().Region) + ", and deletes here: the draft and its private keys. Nobody keeps the stack's keys then."
	case d.Made.Adopt != "" || d.Made.Adopted != nil:
		back = "This draft added to an app that was there in the tenant, or was about to. Taking everything back needs a sign-in" + azure + ": it removes what was added there" + roles + ", and then the draft and its key here."
		here = "This leaves on the app what was added to it" + roles + ", and deletes here: the draft and its private key. Nobody keeps that certificate's key then."
	default:
		with := ", the consent"
		if !asksPermission(d) {
			with = ""
		}
		back = "This draft made an app in the tenant, or was about to. Taking everything back needs a sign-in" + azure + ": it removes the role" + with + roles + " and the app there, and then the draft and its key here."
		here = "This leaves the app " + AppName(d) + roles + " in the tenant, and deletes here: the draft and its private key. Nobody keeps the app's key then."
	}
	if d.Made.Elevated {
		back += " The access that was elevated for the changes is given back."
		here += " The access to all of Azure that was taken for the changes stays, too."
	}
	return back, here
}

// ThrowAwayWords say what goes with a draft that made nothing by itself, and what a
// person has made that stays.
func ThrowAwayWords(d account.Draft) string {
	goes, file := "the draft", ""
	switch {
	case d.Key().ID == "":
	case d.Provider == account.AWS:
		goes += " and its private keys"
	default:
		goes, file = goes+" and its private key", " The certificate file stays, too."
	}
	if d.AWS().File != "" {
		file = " The template file stays, too."
	}
	return "This deletes here: " + goes + ".\n\n" + madeByHand(d) + file
}

// madeByHand say what a person may have made for a draft, and how it is deleted.
func madeByHand(d account.Draft) string {
	switch l := d.AWS(); {
	case d.Provider == account.AWS && (l.Method == account.ByProfile || !certified(d)):
		return "Nothing was made in AWS." // nobody has had a template
	case d.Provider == account.AWS:
		return "A stack that was made in the AWS console stays there: delete " + l.StackName() + " under CloudFormation, region " + string(l.Region) + "."
	case d.Provider == account.Azure:
		return "What you made in the portals stays there. First take its roles in Azure away, under " + iamPage(d).Menu("") + ", as they do not go with the app; then delete the app registration " +
			AppName(d) + " under Entra ID › App registrations; its enterprise app and role go with it."
	}
	return "What you made in the Entra admin center stays there: delete the app registration " +
		AppName(d) + " under Entra ID › App registrations; its enterprise app, role and consent go with it."
}
