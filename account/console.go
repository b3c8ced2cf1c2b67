package account

import "net/url"

// Console is the host of the AWS console in the region's partition.
// Source: docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html.
func (r AWSRegion) Console() string {
	switch r.Partition() {
	case "aws-us-gov":
		return "console.amazonaws-us-gov.com"
	case "aws-cn":
		return "console.amazonaws.cn"
	}
	return string(r) + ".console.aws.amazon.com"
}

// stacksPage is a page of CloudFormation in the region.
func (r AWSRegion) stacksPage(path string, menu ...string) PortalPage {
	return PortalPage{
		"https://" + r.Console() + "/cloudformation/home?region=" + string(r) + "#/stacks" + path,
		append([]string{"CloudFormation", "Stacks"}, menu...),
	}
}

// CreateStackPage is where a stack is made by uploading its template.
// Source: docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stack.html.
func (r AWSRegion) CreateStackPage() PortalPage {
	return r.stacksPage("/create", "Create stack", "With new resources (standard)")
}

// StackPage is the link's stack, where it can be looked at and deleted; the list
// of stacks while its id is not known.
func (l AWSLink) StackPage() PortalPage {
	path := ""
	if l.StackID != "" {
		path = "/stackinfo?stackId=" + url.QueryEscape(string(l.StackID))
	}
	return l.Region.stacksPage(path, l.StackName())
}
