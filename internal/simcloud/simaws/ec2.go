package simaws

import (
	"slices"
	"strings"
)

// describeRegions tells the regions of the partition.
// Source: docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html.
func describeRegions(k *call, in form) (string, *failure) {
	if in.Has("DryRun") || in.Has("Filter.1.Name") || in.Has("RegionName.1") {
		return "", notPlayed("DryRun, filters and names of DescribeRegions")
	}
	if f := k.actor().may("ec2:DescribeRegions", "*", "", nil); f != nil {
		return "", f
	}
	a, all := k.who.account, k.site.partition.all()
	slices.Sort(all)
	var items []string
	for _, region := range all {
		status := "opt-in-not-required"
		if slices.Contains(k.site.partition.opt, region) {
			status = "not-opted-in"
			if a.enabled(region) {
				status = "opted-in"
			} else if in.Get("AllRegions") != "true" {
				continue
			}
		}
		items = append(items, tag("item", text("regionName", region), text("regionEndpoint", "ec2."+region+"."+k.site.partition.dns), text("optInStatus", status)))
	}
	return tag("regionInfo", strings.Join(items, "")), nil
}
