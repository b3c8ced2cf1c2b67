package steps

import (
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// awsRotates are the ways of an AWS account to another key, in the order of
// rotateWays: where its authority signs, there is that one alone.
func awsRotates(a account.Account, now time.Time) kit.Choice {
	if link.Signs(a, now) {
		return kit.Choice{Options: []kit.Option{{
			Title:  "The link's authority signs a new certificate",
			Detail: "No administrator is needed, and nothing changes in AWS: the trust anchor knows the authority.",
		}}}
	}
	itself := kit.Option{Title: "The link's authority signs a new certificate", Off: "Its authority can no longer sign."}
	at := 1
	if a.NextAuthority != nil {
		itself = kit.Option{Title: "Go on with the new authority", Detail: "Where the stack has been updated with it already."}
	}
	if a.Next != nil && a.Next.Saved != "" {
		at = 2
	}
	c := kit.Choice{Options: []kit.Option{
		itself,
		{Title: "A profile of the account updates the stack", Detail: "With another authority, which signs the new certificate. The profile is used once."},
		{Title: "Update the stack by hand", Detail: "In the AWS console; the template is written to a file, and the page waits for it."},
	}}
	c.Go(at)
	return c
}

// awsRotateWords name the stages of an AWS account's rotation on a way.
func awsRotateWords(way account.Way) map[string]string {
	words := map[string]string{
		link.TheNewKey:         "New private key, stored and read back",
		link.TheNewCertificate: "Certificate for it, signed by the link's authority",
		link.TheTrial:          "Three sessions in a row with the new key",
		link.TheSwitch:         "The account uses the new key",
		link.TheDeletion:       "Old key deleted",
	}
	switch way {
	case account.Automatic:
		words[link.TheAuthority], words[link.TheAdding] = "Another authority, its key stored", "Stack updated with it"
	case account.ByHand:
		words[link.TheAuthority], words[link.TheAdding] = "Another authority, its key stored", "Template written to a file"
	}
	return words
}

// updateClicks are what a person does in the console to update the stack.
func updateClicks(d account.Draft, file string) []string {
	return []string{
		d.AWS().StackPage().Menu("") + " › Update",
		"Make a direct update, Replace existing template",
		"Upload a template file: " + file,
		"Next, until you can acknowledge IAM resources with custom names; Submit",
	}
}

// awsRotateWhy says what of the old key while the stack is being updated.
const awsRotateWhy = "AWS takes the old key until the stack is updated, and the new one from then on."

// AWSAfterRotation is AfterRotation for an AWS account; way is empty where its
// authority signs.
func AWSAfterRotation(p *account.Problem, way account.Way, switched bool) Advice {
	a := Advise(p)
	if p.Kind == account.SpreadingTooLong {
		a = Advice{Say: "AWS did not take the new certificate within ten minutes.", Do: "Try again in a while: it goes on with the same key."}
	}
	switch {
	case switched:
		a.Say = "The new key is in use; the old one is not removed yet. " + a.Say
	case way != "":
		a.Say = "AWS takes the old key until the stack is updated. " + a.Say
	default:
		a.Say = "The old key is in use. " + a.Say
	}
	return a
}
