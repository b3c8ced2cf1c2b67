package steps

import (
	"fmt"

	"github.com/axiomio/xops-onboard/account"
)

func adviseAWSInput(p *account.Problem) (Advice, bool) {
	switch p.Kind {
	case account.InputNotAWSAccount:
		return Advice{Say: "This is not the number of an AWS account.", Do: "It has 12 digits, like 1111-2222-3333."}, true
	case account.InputNotRegion:
		return Advice{Say: "This is not a region.", Do: "It looks like eu-west-1."}, true
	case account.InputNotARN:
		return Advice{Say: "This is not an ARN.", Do: "It begins with arn: and has the account's number in it; copy all of it."}, true
	case account.InputOutputsOpen:
		return Advice{Say: fmt.Sprintf("%s is not there yet.", p.Subject), Do: "Copy the whole table of the stack's tab Outputs."}, true
	case account.InputOutputsRegion:
		return Advice{Say: fmt.Sprintf("These are of %s, and the home region is %s.", p.Subject, p.Message), Do: "Copy the Outputs of the stack in that region, or change the home region."}, true
	case account.InputOutputsAccount:
		return Advice{Say: fmt.Sprintf("One of these is of account %s, and another is not.", p.Subject), Do: "All three come from the Outputs of one stack."}, true
	case account.InputNotRole:
		return Advice{Say: fmt.Sprintf("This ARN is of something else: %s.", p.Subject), Do: "The role's has :role/ in it."}, true
	case account.InputRoleElsewhere:
		return Advice{Say: fmt.Sprintf("This role is of partition %s, and the home region is %s.", p.Subject, p.Message), Do: "Take a role of the same partition, or change the home region."}, true
	}
	return Advice{}, false
}

func adviseAWSSignIn(p *account.Problem) (Advice, bool) {
	switch p.Kind {
	case account.AWSKeyUnknown:
		return Advice{Say: "AWS does not know this access key.", Do: "It was deleted or deactivated, or belongs to another partition (China, GovCloud)."}, true
	case account.AWSSecretWrong:
		return Advice{Say: "AWS knows the access key, and the signature does not fit it.", Do: "The secret is wrong, or this machine's clock is off."}, true
	case account.AWSSignInOver:
		if p.Subject == "" {
			return Advice{Say: "Your AWS sign-in has ended.", Do: "Sign in to AWS again and go on."}, true
		}
		return Advice{Say: "Your AWS sign-in has ended.", Do: "Run " + p.Subject + " and try again."}, true
	case account.AWSNoProfile:
		return Advice{Say: fmt.Sprintf("There is no profile %s in the AWS configuration files.", p.Subject), Do: "Choose one that is there, or make it with aws configure."}, true
	case account.AWSNoCredentials:
		return Advice{Say: fmt.Sprintf("Profile %s gives no credentials that can be used.", p.Subject), Do: "See what aws sts get-caller-identity --profile " + quoted(p.Subject) + " says."}, true
	case account.AWSEndpoint:
		return Advice{Say: fmt.Sprintf("%s would send your AWS credentials somewhere else than to AWS.", p.Subject), Do: "Nothing was sent. Unset it, or set AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true, and try again."}, true
	case account.AWSOtherAccount:
		return Advice{Say: fmt.Sprintf("That is account %s, and not the one that is linked.", p.Subject), Do: "Choose a profile of the right account."}, true
	case account.AWSNotManagement:
		return Advice{Say: fmt.Sprintf("Account %s is a member of an organization, not its management account.", p.Subject), Do: "Choose a profile of the management account, or link this one as a Linked Account afterwards."}, true
	case account.AWSRegionOff:
		return Advice{Say: fmt.Sprintf("Region %s is switched off in this account.", p.Subject), Do: "Choose another, or enable it in the console under Account."}, true
	}
	return Advice{}, false
}

func adviseAWS(p *account.Problem) (Advice, bool) {
	switch p.Kind {
	case account.AWSDenied:
		return Advice{Say: "AWS refuses this for want of a permission" + about(p) + ".", Do: "Use a profile that may do it, or let somebody who may do it by hand."}, true
	case account.AWSOrganization:
		return Advice{Say: "A policy of your organization forbids this" + about(p) + ".", Do: "Ask the owner of the management account; this program cannot change it."}, true
	case account.AWSUntrusted:
		return Advice{
			Say: "AWS does not trust the certificate.",
			Do:  "It has one answer for these:",
			Causes: []string{
				"the stack is from another template than this draft's",
				"the trust anchor has another authority's certificate by now",
				"the ARNs are of another link",
			},
		}, true
	case account.AWSRoleNotTaken:
		return Advice{
			Say: "AWS does not let the certificate take the role yet.",
			Do:  "It does not say why:",
			Causes: []string{
				"the stack is new, and still spreading, a minute as a rule",
				"the role's trust policy was changed",
				"the role is not in the profile",
				"a policy of the organization forbids it",
			},
		}, true
	case account.AWSGone:
		return Advice{Say: fmt.Sprintf("AWS does not find the %s.", subjectOr(p, "stack's parts")), Do: "The stack was deleted, or the ARNs are of another region or account."}, true
	case account.AWSDisabled:
		return Advice{Say: fmt.Sprintf("The %s is disabled.", subjectOr(p, "trust anchor or profile")), Do: "Enable it in the console: IAM › Roles › Roles Anywhere."}, true
	case account.AWSNameTaken:
		return Advice{Say: fmt.Sprintf("%s is there already, and is not this draft's.", p.Subject), Do: "If an earlier link left it, delete its stack first. This program touches nothing that it has not made."}, true
	case account.AWSStackOther:
		return Advice{Say: fmt.Sprintf("The stack %s is not as this program made it: an update would undo what somebody changed.", p.Subject), Do: "Undo that change, or update the stack by hand with the link's new template."}, true
	case account.AWSStackFailed:
		return Advice{Say: "CloudFormation could not make the stack" + because(p) + ".", Do: "What was begun was rolled back. Mend that, and try again."}, true
	case account.AWSStackBusy:
		return Advice{Say: "Another change of the stack is under way" + about(p) + ".", Do: "Try again when it is over."}, true
	case account.AWSTemplate:
		return Advice{Say: "AWS does not take the template" + because(p) + ".", Do: "That should not happen: ask support@axiomio.com and quote" + quotable(p) + "."}, true
	}
	return Advice{}, false
}

func adviseAWSDrift(p *account.Problem) (Advice, bool) {
	switch p.Kind {
	case account.AWSTrustChanged:
		return Advice{Say: "What trusts the certificate in AWS is not as this program made it:", Do: "Update the stack with the link's template, or find out who changed it."}, true
	case account.AWSPolicyMissing:
		return Advice{Say: "A policy is missing on the role:", Do: "Attach it, or update the stack with the link's template."}, true
	case account.AWSPolicyStrong:
		return Advice{Say: "More is attached to the role than this program put there:", Do: "Detach it, unless somebody wants it."}, true
	case account.AWSPermission:
		return Advice{Say: "Not everything that is to be read can be:", Do: "A policy of the organization or a permissions boundary does that, or a change of the role."}, true
	case account.AWSWritable:
		return Advice{Say: "The role may do more than read:", Do: "Look at what is attached to it. A session by certificate stays bounded by both policies; one by a profile does not."}, true
	case account.AuthorityGone:
		return Advice{Say: "The link's own authority signs no certificate that AWS takes: its key is not kept any more, it is over, or the stack does not have it yet.", Do: "A new authority is put in by an update of the stack."}, true
	case account.AWSAuthorityOther:
		return Advice{Say: "The trust anchor has another authority's certificate than this link's.", Do: "Update the stack with the link's template, or find out who changed it."}, true
	}
	return Advice{}, false
}

func subjectOr(p *account.Problem, other string) string {
	if p.Subject == "" {
		return other
	}
	return p.Subject
}

// because is the service's own reason, after a colon.
func because(p *account.Problem) string {
	if p.Message == "" {
		return ""
	}
	return ": " + p.Message
}
