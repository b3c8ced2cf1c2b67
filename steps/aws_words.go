package steps

import (
	"strings"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// ConnectAWS makes the stack and the account of a draft, by who signed in.
func ConnectAWS(e Env, admin link.AWSAdministrator, d account.Draft) *link.Operation {
	return e.Ops.ConnectAWS(d.ID, admin, NewAWSKeys(e, StoreOf(d), ""))
}

// stackParts are the stack's resources as people call them.
var stackParts = map[string]string{"Anchor": "trust anchor", "Role": "role", "Profile": "profile"}

// stackWords say what CloudFormation is at, which it tells as "Role:
// CREATE_IN_PROGRESS", or as the whole stack's status alone.
func stackWords(detail string) string {
	part, status, of := strings.Cut(detail, ": ")
	if !of {
		part, status = "", detail
	}
	what := "the stack"
	if name := stackParts[part]; name != "" {
		what = "the " + name
	} else if part != "" {
		what = part
	}
	switch {
	case strings.Contains(status, "ROLLBACK"):
		return "CloudFormation is rolling back " + what
	case status == "DELETE_COMPLETE":
		return what + " is gone"
	case strings.HasSuffix(status, "_COMPLETE"):
		return what + " is made"
	case strings.HasPrefix(status, "DELETE"):
		return "CloudFormation is deleting " + what
	case strings.HasPrefix(status, "UPDATE"):
		return "CloudFormation is changing " + what
	case strings.HasSuffix(status, "_FAILED"):
		return what + " could not be made"
	}
	return "CloudFormation is making " + what
}

// awsOffers are the values of the Xops 360 form, in the form's own words, and what
// one looks up beside them.
func awsOffers(a account.Account) []Offer {
	l := a.AWS()
	offers := []Offer{{Key: "1", Name: "copy name", Kind: Copy, Title: "AWS Account Name", Value: string(a.Name)}}
	if l.Role != "" {
		offers = append(offers, Offer{Key: "2", Name: "copy role ARN", Kind: Copy, Title: "AWS Role ARN", Value: string(l.Role)})
	}
	if l.Account != "" {
		offers = append(offers, Offer{Key: "3", Name: "copy account id", Kind: Copy, Title: "AWS account", Value: string(l.Account)})
	}
	return offers
}

// AWSStays say where the removal of an AWS account is.
func AWSStays(a account.Account) string {
	l := a.AWS()
	if l.Method == account.ByProfile {
		return "Nothing was made in AWS."
	}
	return "Stack " + l.StackName() + ", " + string(l.Region) + ". Deleting it ends the link."
}

// awsRenews is how the certificate of an AWS account is renewed.
func awsRenews(a account.Account) string {
	if a.Authority == nil || !a.Authority.Stored {
		return "a stack update with a new authority, by an administrator"
	}
	return RenewLine(a.Name)
}

// awsKept says where what the account is used with is.
func awsKept(a account.Account) string {
	if l := a.AWS(); l.Method == account.ByProfile {
		return "Nothing has been sent to Xops 360. It is used with the profile " + l.Named + ", as long as that is signed in."
	}
	return "Nothing has been sent to Xops 360. The key stays in " + storeWords(a.Key.Store) + "."
}

// awsLines are the values beside the offers, for every AWS account.
func awsLines(a account.Account) [][2]string {
	l := a.AWS()
	if l.Method == account.ByProfile {
		lines := [][2]string{{"Profile", l.Named}, {"In AWS", AWSStays(a)}}
		if l.Role != "" {
			lines = append(lines, [2]string{"External id", l.ExternalID})
		}
		return lines
	}
	lines := [][2]string{
		{"Home region", string(l.Region)},
		{"Key expires", Day(a.Key.Certificate.NotAfter)},
		{"Renewed by", awsRenews(a)},
		{"In AWS", AWSStays(a)},
	}
	if l.Platform.Principal != "" {
		lines = append(lines, [2]string{"External id", l.ExternalID})
	}
	return lines
}

// awsLeft is what of an AWS account is in AWS; what this program made, or a person.
func awsLeft(a account.Account) []string {
	l := a.AWS()
	if l.Method == account.ByProfile {
		return nil
	}
	return []string{"the stack " + l.StackName() + " in region " + string(l.Region) + ", with the role " + account.AWSRoleName + ", the trust anchor and the profile"}
}

// awsRemoval is Removal of an AWS account.
func awsRemoval(a account.Account, everything bool) (here, there, stays []string) {
	here = []string{"the account and its last checks"}
	if a.AWS().Method != account.ByProfile {
		here = append([]string{"the private keys, in " + storeWords(a.Key.Store)}, here...)
	}
	if everything {
		return here, awsLeft(a), []string{"the service-linked role AWSServiceRoleForRolesAnywhere, which is AWS's own", "sessions that were begun, for an hour at most"}
	}
	if stays = awsLeft(a); len(stays) > 0 {
		stays = append(stays, "under "+RemovalPage(a).Menu(""))
	}
	return here, nil, stays
}

// awsConnected is the page of an AWS account that is connected.
func awsConnected(size kit.Size, t kit.Theme, a account.Account) kit.Page {
	values := []kit.Frame{{Text: kit.Wrap("Enter these in the Xops 360 form, "+a.AWS().Type.String()+":", size.Width)}}
	for _, o := range awsOffers(a) {
		values = append(values, kit.Value(size.Width, t, o.Key+" "+o.Title, o.Value))
	}
	for _, v := range awsLines(a) {
		values = append(values, kit.Value(size.Width, t, v[0], v[1]))
	}
	values = append(values, kit.Blank, kit.Frame{Text: kit.Wrap(t.Faint.Render(connectedNote(a)), size.Width)})
	return kit.Page{
		Title: string(a.Name) + " is connected", Why: awsKept(a), Body: kit.Stack(values...),
		Live: kit.Mark(size.Width, t.Good.Render("✓"), "Linked. Enter goes to Home."),
	}
}

// awsAccountLines are AccountLines of an AWS account.
func awsAccountLines(a account.Account) []string {
	out := []string{string(a.Name) + " is connected.", awsKept(a)}
	for _, o := range awsOffers(a) {
		out = append(out, o.Title+": "+o.Value)
	}
	for _, v := range awsLines(a) {
		out = append(out, v[0]+": "+v[1])
	}
	return out
}
