package simaws

import (
	"net/http"
	"strings"
)

// organization answers for Organizations, in JSON 1.1.
// Source: docs.aws.amazon.com/organizations/latest/APIReference.
func (k *call) organization() *answer {
	v, f := k.organizationOf()
	if f != nil {
		return k.refusal(f)
	}
	return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, body: marshal(v)}
}

func (k *call) organizationOf() (any, *failure) {
	version, action, _ := strings.Cut(k.r.Header.Get("X-Amz-Target"), ".")
	if version != "AWSOrganizationsV20161128" || k.r.Method != http.MethodPost || k.r.URL.Path != "/" {
		return nil, refuse(http.StatusBadRequest, "InvalidAction", "")
	}
	if f := k.authenticate(); f != nil {
		return nil, f
	}
	if f := k.may("organizations:"+action, "*"); f != nil {
		return nil, f
	}
	var in struct {
		Max   *int   `json:"MaxResults"`
		Token string `json:"NextToken"`
	}
	if f := k.decode(&in); f != nil {
		return nil, f
	}
	if k.who.account.spec.Organization == None {
		return nil, refuse(http.StatusBadRequest, "AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
	}
	switch action {
	case "DescribeOrganization":
		return k.describeOrganization(), nil
	case "ListAccounts":
		if in.Max != nil && (*in.Max < 1 || *in.Max > 20) {
			return nil, refuse(http.StatusBadRequest, "InvalidInputException", "You specified an invalid value.")
		}
		return k.listAccounts(in.Max, in.Token)
	}
	return nil, notPlayed("organizations:%s", action)
}

// management is the management account of the organization.
func (k *call) management() *Account {
	return find(k.c.accounts, func(a *Account) bool { return a.spec.Organization == Management && a.partition == k.site.partition })
}

func (k *call) describeOrganization() any {
	o := map[string]any{"Id": k.c.orgID, "FeatureSet": "ALL", "AvailablePolicyTypes": []any{}}
	if m := k.management(); m != nil {
		o["Arn"] = m.arn("organizations", "", "organization/"+k.c.orgID)
		o["MasterAccountId"], o["MasterAccountArn"] = m.spec.Number, m.arn("organizations", "", "account/"+k.c.orgID+"/"+m.spec.Number)
		o["MasterAccountEmail"] = "root@" + m.spec.Number + ".example"
	}
	return map[string]any{"Organization": o}
}

// listAccounts is for the management account alone; delegated administrators
// are not played.
func (k *call) listAccounts(most *int, token string) (any, *failure) {
	if k.who.account.spec.Organization != Management {
		return nil, denied("You don't have permissions to access this resource.")
	}
	var all []*Account
	for _, a := range k.c.accounts {
		if a.spec.Organization != None && a.partition == k.site.partition {
			all = append(all, a)
		}
	}
	n := 20
	if most != nil {
		n = *most
	}
	some, next, f := page(k.c, all, token, n)
	if f != nil {
		return nil, refuse(http.StatusBadRequest, "InvalidInputException", "You provided an invalid NextToken value.")
	}
	accounts := []any{}
	for _, a := range some {
		accounts = append(accounts, map[string]any{
			"Id": a.spec.Number, "Arn": k.who.account.arn("organizations", "", "account/"+k.c.orgID+"/"+a.spec.Number), "Name": a.spec.Name,
			"Email": "root@" + a.spec.Number + ".example", "Status": a.status, "State": a.status, "JoinedMethod": "CREATED", "JoinedTimestamp": 1700000000,
		})
	}
	v := map[string]any{"Accounts": accounts}
	if next != "" {
		v["NextToken"] = next
	}
	return v, nil
}
