package simaws

import (
	"net/http"
	"slices"
	"strings"
)

// formationOperations are those of CloudFormation.
func formationOperations() map[string]operation {
	return map[string]operation{
		"CreateStack":            createStack,
		"UpdateStack":            updateStack,
		"DeleteStack":            deleteStack,
		"DescribeStacks":         describeStacks,
		"DescribeStackEvents":    describeEvents,
		"DescribeStackResources": describeResources,
		"GetTemplate":            getTemplate,
	}
}

var (
	stackNameForm = pattern(`^[a-zA-Z][-a-zA-Z0-9]*$`)
	tokenForm     = pattern(`^[a-zA-Z0-9][-a-zA-Z0-9]{0,127}$`)
)

// notInStacks are parameters of CreateStack and UpdateStack that are not played.
var notInStacks = []string{
	"TemplateURL", "Parameters.member.1.ParameterKey", "RoleARN", "NotificationARNs.member.1", "StackPolicyBody", "StackPolicyURL", "UsePreviousTemplate",
	"ResourceTypes.member.1", "RollbackConfiguration.MonitoringTimeInMinutes", "StackPolicyDuringUpdateBody", "RetainExceptOnCreate", "TimeoutInMinutes",
}

// stackIn is what CreateStack and UpdateStack are asked for.
type stackIn struct {
	name, token  string
	template     *template
	capabilities []string
	tags         []label
	onFailure    string
	protected    bool
}

func (k *call) stackIn(in form) (stackIn, *failure) {
	s := stackIn{name: in.Get("StackName"), token: in.Get("ClientRequestToken"), capabilities: in.list("Capabilities"), tags: in.labels("Tags"), onFailure: in.Get("OnFailure"), protected: in.Get("EnableTerminationProtection") == "true"}
	if in.Get("DisableRollback") == "true" {
		if s.onFailure != "" {
			return s, invalid("Either DisableRollback or OnFailure can be specified, not both.")
		}
		s.onFailure = "DO_NOTHING"
	}
	for _, name := range notInStacks {
		if in.Has(name) {
			return s, notPlayed("%s of a stack", name)
		}
	}
	switch {
	case s.name == "":
		return s, missing("stackName")
	case s.token != "" && !tokenForm().MatchString(s.token):
		return s, violation(s.token, "clientRequestToken", "satisfy regular expression pattern: [a-zA-Z0-9][-a-zA-Z0-9]*")
	case !slices.Contains([]string{"", "ROLLBACK", "DELETE", "DO_NOTHING"}, s.onFailure):
		return s, violation(s.onFailure, "onFailure", "satisfy enum value set: [ROLLBACK, DELETE, DO_NOTHING]")
	case in.Get("TemplateBody") == "":
		return s, invalid("Either Template URL or Template Body must be specified.")
	}
	for _, c := range s.capabilities {
		if !slices.Contains([]string{"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"}, c) {
			return s, violation(c, "capabilities", "satisfy enum value set: [CAPABILITY_AUTO_EXPAND, CAPABILITY_NAMED_IAM, CAPABILITY_IAM]")
		}
	}
	var f *failure
	if s.template, f = parseTemplate(in.Get("TemplateBody")); f != nil {
		return s, f
	}
	return s, s.acknowledged()
}

// acknowledged refuses a template with roles for which the caller does not stand.
func (s stackIn) acknowledged() *failure {
	need := s.template.capability()
	if need == "" || slices.Contains(s.capabilities, need) || need == "CAPABILITY_IAM" && slices.Contains(s.capabilities, "CAPABILITY_NAMED_IAM") {
		return nil
	}
	return refuse(http.StatusBadRequest, "InsufficientCapabilitiesException", "Requires capabilities : [%s]", need)
}

// mayStack asks for a right on a stack; the text names the stack by name.
func (k *call) mayStack(action, name string) *failure {
	arn := name
	if !strings.HasPrefix(name, "arn:") {
		arn = k.who.account.arn("cloudformation", k.site.region, "stack/"+name+"/*")
	}
	if name == "" {
		arn = k.who.account.arn("cloudformation", k.site.region, "stack/*")
	}
	return k.may("cloudformation:"+action, arn)
}

// live is the stack of a name that is not deleted; of an id also a deleted one.
func (a *Account) live(region, name string) *stack {
	return find(a.in(region).stacks, func(s *stack) bool {
		return s.id == name || s.name == name && s.status != "DELETE_COMPLETE"
	})
}

func tokenUsed() *failure {
	return refuse(http.StatusBadRequest, "TokenAlreadyExistsException", "A client request token already exists for a different stack operation.")
}

func createStack(k *call, in form) (string, *failure) {
	s, f := k.stackIn(in)
	if f != nil {
		return "", f
	}
	if len(s.name) > 128 {
		return "", violation(s.name, "stackName", "have length less than or equal to 128")
	}
	if !stackNameForm().MatchString(s.name) {
		return "", violation(s.name, "stackName", "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*")
	}
	if f := k.mayStack("CreateStack", s.name); f != nil {
		return "", f
	}
	if have := k.who.account.live(k.site.region, s.name); have != nil {
		switch operation, used := have.tokens[s.token]; {
		case used && operation == "create" && have.template.body == s.template.body:
			return text("StackId", have.id), nil // the same request once more
		case used:
			return "", tokenUsed()
		}
		return "", refuse(http.StatusBadRequest, "AlreadyExistsException", "Stack [%s] already exists", s.name)
	}
	made := k.who.account.newStack(k.actor(), s)
	k.c.settle(k.now)
	return text("StackId", made.id), nil
}

// newStack begins to make a stack.
func (a *Account) newStack(by actor, in stackIn) *stack {
	s := &stack{
		account: a, region: by.region, name: in.name, template: in.template, created: by.at, capabilities: in.capabilities, tags: in.tags,
		onFailure: in.onFailure, protected: in.protected, resources: map[string]*stackResource{}, tokens: map[string]string{},
	}
	s.id = a.arn("cloudformation", by.region, "stack/"+in.name+"/"+uuid())
	r := a.in(by.region)
	r.stacks = append(r.stacks, s)
	by.note(a, "cloudformation:CreateStack", s.id)
	s.begin(by.who, in.token, "create")
	s.create(by.at)
	return s
}

func noStack(name string) *failure { return invalid("Stack [%s] does not exist", name) }

func noStackID(name string) *failure { return invalid("Stack with id %s does not exist", name) }

func updateStack(k *call, in form) (string, *failure) {
	n, f := k.stackIn(in)
	if f != nil {
		return "", f
	}
	if f := k.mayStack("UpdateStack", n.name); f != nil {
		return "", f
	}
	s := k.who.account.live(k.site.region, n.name)
	if s == nil || s.status == "DELETE_COMPLETE" {
		return "", noStack(n.name)
	}
	if operation, used := s.tokens[n.token]; used {
		if operation == "update" && s.template.body == n.template.body {
			return text("StackId", s.id), nil
		}
		return "", tokenUsed()
	}
	if f := s.updatable(n.template, n.tags); f != nil {
		return "", f
	}
	by := k.actor()
	by.note(s.account, "cloudformation:UpdateStack", s.id)
	s.begin(k.who, n.token, "update")
	was := before{capabilities: s.capabilities, tags: s.tags}
	s.capabilities, s.tags = n.capabilities, n.tags
	s.update(k.now, n.template, was)
	k.c.settle(k.now)
	return text("StackId", s.id), nil
}

// updatable refuses an update that the stack's state does not allow, or that
// changes nothing.
func (s *stack) updatable(t *template, tags []label) *failure {
	switch {
	case !slices.Contains([]string{"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}, s.status):
		return invalid("Stack:%s is in %s state and can not be updated.", s.id, s.status)
	case s.template.same(t) && slices.Equal(s.tags, tags):
		return invalid("No updates are to be performed.")
	}
	return nil
}

// deleteStack is no failure where there is no such stack.
func deleteStack(k *call, in form) (string, *failure) {
	name := in.Get("StackName")
	if name == "" {
		return "", missing("stackName")
	}
	for _, p := range []string{"RetainResources.member.1", "RoleARN", "DeletionMode"} {
		if in.Has(p) {
			return "", notPlayed("%s of DeleteStack", p)
		}
	}
	if f := k.mayStack("DeleteStack", name); f != nil {
		return "", f
	}
	s := k.who.account.live(k.site.region, name)
	switch {
	case s == nil || s.status == "DELETE_COMPLETE" || s.status == "DELETE_IN_PROGRESS":
		return none, nil
	case s.protected:
		return "", invalid("Stack [%s] cannot be deleted while TerminationProtection is enabled", name)
	case strings.HasPrefix(s.status, "UPDATE_") && strings.HasSuffix(s.status, "_IN_PROGRESS"):
		return "", invalid("Stack [%s] cannot be deleted while in status %s", name, s.status)
	}
	k.actor().note(s.account, "cloudformation:DeleteStack", s.id)
	s.begin(k.who, in.Get("ClientRequestToken"), "delete")
	s.remove(k.now)
	k.c.settle(k.now)
	return none, nil
}

func (s *stack) xml() string {
	var outputs []string
	for _, name := range s.outputNames() {
		outputs = append(outputs, text("OutputKey", name)+text("OutputValue", s.told[name])+given("Description", s.template.outputs[name].description))
	}
	var capabilities []string
	for _, c := range s.capabilities {
		capabilities = append(capabilities, plain(c))
	}
	told := ""
	if len(outputs) > 0 {
		told = members("Outputs", outputs)
	}
	return text("StackId", s.id) + text("StackName", s.name) + given("Description", s.template.description) +
		moment("CreationTime", s.created) + moment("LastUpdatedTime", s.updated) + moment("DeletionTime", s.deleted) +
		tag("RollbackConfiguration") + text("StackStatus", s.status) + given("StackStatusReason", s.reason) +
		boolean("DisableRollback", s.onFailure == "DO_NOTHING") + tag("NotificationARNs") + members("Capabilities", capabilities) + told + labelled(s.tags) +
		boolean("EnableTerminationProtection", s.protected) + tag("DriftInformation", text("StackDriftStatus", "NOT_CHECKED"))
}

// outputNames are the outputs that are told, in order; none before the stack is whole.
func (s *stack) outputNames() []string {
	var names []string
	for name := range s.told {
		if s.template.outputs[name] != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func nextToken(next string) string { return given("NextToken", next) }

func describeStacks(k *call, in form) (string, *failure) {
	name := in.Get("StackName")
	if f := k.mayStack("DescribeStacks", name); f != nil {
		return "", f
	}
	var all []*stack
	if name != "" {
		s := k.who.account.live(k.site.region, name)
		if s == nil {
			return "", noStackID(name)
		}
		all = append(all, s)
	} else {
		for _, s := range k.who.account.in(k.site.region).stacks {
			if s.status != "DELETE_COMPLETE" {
				all = append(all, s)
			}
		}
		slices.Reverse(all)
	}
	some, next, f := page(k.c, all, in.Get("NextToken"), 0)
	if f != nil {
		return "", f
	}
	var items []string
	for _, s := range some {
		items = append(items, s.xml())
	}
	return members("Stacks", items) + nextToken(next), nil
}

func describeEvents(k *call, in form) (string, *failure) {
	name := in.Get("StackName")
	if name == "" {
		return "", missing("stackName")
	}
	if f := k.mayStack("DescribeStackEvents", name); f != nil {
		return "", f
	}
	s := k.who.account.live(k.site.region, name)
	if s == nil {
		return "", noStack(name)
	}
	all := slices.Clone(s.events)
	slices.Reverse(all)
	some, next, f := page(k.c, all, in.Get("NextToken"), 0)
	if f != nil {
		return "", f
	}
	var items []string
	for _, e := range some {
		items = append(items, text("EventId", e.id)+text("StackId", s.id)+text("StackName", s.name)+text("LogicalResourceId", e.logical)+
			text("PhysicalResourceId", e.physical)+text("ResourceType", e.typ)+text("Timestamp", e.at.UTC().Format("2006-01-02T15:04:05.000Z"))+
			text("ResourceStatus", e.status)+given("ResourceStatusReason", e.reason)+given("ClientRequestToken", e.token))
	}
	return members("StackEvents", items) + nextToken(next), nil
}

func describeResources(k *call, in form) (string, *failure) {
	name := in.Get("StackName")
	if in.Has("PhysicalResourceId") {
		return "", notPlayed("PhysicalResourceId of DescribeStackResources")
	}
	if name == "" {
		return "", missing("stackName")
	}
	if f := k.mayStack("DescribeStackResources", name); f != nil {
		return "", f
	}
	s := k.who.account.live(k.site.region, name)
	if s == nil {
		return "", noStackID(name)
	}
	var items []string
	for _, logical := range s.template.order {
		r := s.resources[logical]
		if r == nil || in.Has("LogicalResourceId") && in.Get("LogicalResourceId") != logical {
			continue
		}
		items = append(items, text("StackName", s.name)+text("StackId", s.id)+text("LogicalResourceId", r.logical)+given("PhysicalResourceId", r.physical)+
			text("ResourceType", r.typ)+moment("Timestamp", r.at)+text("ResourceStatus", r.status)+given("ResourceStatusReason", r.why)+
			tag("DriftInformation", text("StackResourceDriftStatus", "NOT_CHECKED")))
	}
	return members("StackResources", items), nil
}

func getTemplate(k *call, in form) (string, *failure) {
	name := in.Get("StackName")
	if name == "" {
		return "", missing("stackName")
	}
	if f := k.mayStack("GetTemplate", name); f != nil {
		return "", f
	}
	s := k.who.account.live(k.site.region, name)
	if s == nil {
		return "", noStackID(name)
	}
	return text("TemplateBody", s.template.body) + tag("StagesAvailable", tag("member", "Original"), tag("member", "Processed")), nil
}
