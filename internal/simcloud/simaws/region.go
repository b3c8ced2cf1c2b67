package simaws

import (
	"net/http"
	"slices"
	"strings"
	"sync"
)

// service is which service answers at a host.
type service string

const (
	sts           service = "sts"
	iam           service = "iam"
	formation     service = "cloudformation"
	rolesAnywhere service = "rolesanywhere"
	organizations service = "organizations"
	ec2           service = "ec2"
	portal        service = "sso"       // role credentials of IAM Identity Center
	oidc          service = "sso-oauth" // its tokens
)

// partition is a part of AWS that knows nothing of the others.
type partition struct {
	id      string
	dns     string
	global  string // the region that calls of IAM are signed for
	iam     string // its host
	org     string // the region of Organizations
	regions []string
	opt     []string // those that an account must opt in to
}

// partitions are the partitions and their regions.
// Source: docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
// and the general reference of endpoints.
var partitions = []*partition{
	{
		id: "aws", dns: "amazonaws.com", global: "us-east-1", iam: "iam.amazonaws.com", org: "us-east-1",
		regions: []string{
			"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
			"ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1",
			"us-east-1", "us-east-2", "us-west-1", "us-west-2",
		},
		opt: []string{
			"af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
			"ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-1", "eu-south-2", "il-central-1",
			"me-central-1", "me-south-1", "mx-central-1",
		},
	},
	{id: "aws-us-gov", dns: "amazonaws.com", global: "us-gov-west-1", iam: "iam.us-gov.amazonaws.com", org: "us-gov-west-1", regions: []string{"us-gov-east-1", "us-gov-west-1"}},
	{id: "aws-cn", dns: "amazonaws.com.cn", global: "cn-north-1", iam: "iam.cn-north-1.amazonaws.com.cn", org: "cn-northwest-1", regions: []string{"cn-north-1", "cn-northwest-1"}},
}

func (p *partition) all() []string { return append(slices.Clone(p.regions), p.opt...) }

// site is what is behind a host name.
type site struct {
	service   service
	partition *partition
	region    string // also of a global service: the one that its calls are signed for
	global    bool   // no region stands in the name
}

// sites are made when they are first asked for: no program that links this pays
// for them at its start.
var sites = sync.OnceValue(allSites)

func allSites() map[string]site {
	m := map[string]site{}
	for _, p := range partitions {
		for _, region := range p.all() {
			for _, s := range []service{sts, formation, rolesAnywhere, ec2} {
				m[string(s)+"."+region+"."+p.dns] = site{s, p, region, false}
			}
			m["portal.sso."+region+"."+p.dns] = site{portal, p, region, false}
			m["oidc."+region+"."+p.dns] = site{oidc, p, region, false}
		}
		m[p.iam] = site{iam, p, p.global, true}
		m["organizations."+p.org+"."+p.dns] = site{organizations, p, p.org, true}
	}
	aws := partitions[0]
	m["sts."+aws.dns] = site{sts, aws, aws.global, true}
	return m
}

// Hosts are the host names that are answered for, in order.
func Hosts() []string {
	var names []string
	for host := range sites() {
		names = append(names, host)
	}
	slices.Sort(names)
	return names
}

// Serves tells whether a host name, without port, is one of [Hosts].
func Serves(host string) bool {
	_, ok := sites()[strings.ToLower(host)]
	return ok
}

// hostOf is the host name of a request, without port and in lower case.
func hostOf(r *http.Request) string {
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	host = strings.TrimSuffix(host, ":443")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

func partitionOf(id string) *partition {
	for _, p := range partitions {
		if p.id == id {
			return p
		}
	}
	return nil
}
