package aws

import (
	"net/url"
	"strings"
	"testing"
)

const ourTrust = `{"Version":"2012-10-17","Statement":[{"Sid":"WizardCertificate","Effect":"Allow","Principal":{"Service":"rolesanywhere.amazonaws.com"},
 "Action":["sts:AssumeRole","sts:SetSourceIdentity","sts:TagSession"],
 "Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/a"},
 "StringEquals":{"aws:PrincipalTag/x509Subject/CN":"xops360-wizard-9f3a61c2","aws:PrincipalTag/x509Issuer/CN":"xops360-wizard-ca-9f3a61c2"}}}]}`

func TestTheSamePolicyInAnotherForm(t *testing.T) {
	for name, found := range map[string]string{
		"as it is":     ourTrust,
		"escaped":      url.PathEscape(ourTrust),
		"one value":    strings.Replace(ourTrust, `"rolesanywhere.amazonaws.com"`, `["rolesanywhere.amazonaws.com"]`, 1),
		"other order":  strings.Replace(ourTrust, `"sts:AssumeRole","sts:SetSourceIdentity"`, `"sts:SetSourceIdentity","sts:assumerole"`, 1),
		"no Sid":       strings.Replace(ourTrust, `"Sid":"WizardCertificate",`, ``, 1),
		"no list":      strings.TrimSuffix(strings.Replace(ourTrust, `"Statement":[`, `"Statement":`, 1), "]}") + "}",
		"value listed": strings.Replace(ourTrust, `"xops360-wizard-9f3a61c2"`, `["xops360-wizard-9f3a61c2"]`, 1),
	} {
		if lines, err := differences(found, ourTrust); err != nil || len(lines) != 0 {
			t.Errorf("%s: %q, %v", name, lines, err)
		}
	}
	for form, want := range map[string]string{"999988887777": "[999988887777]", "arn:aws:iam::999988887777:root": "[999988887777]", "arn:aws:iam::999988887777:role/root": "[arn:aws:iam::999988887777:role/root]"} {
		if got := canonical(form); got != want {
			t.Errorf("%s is %s", form, got)
		}
	}
}

func TestWhatDiffersIsNamed(t *testing.T) {
	for found, want := range map[string]string{
		strings.Replace(ourTrust, "trust-anchor/a", "trust-anchor/b", 1):                                               "statement WizardCertificate: Condition is {ArnEquals={aws:SourceArn=[arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/b]}",
		strings.Replace(ourTrust, `,"sts:TagSession"`, "", 1):                                                          "statement WizardCertificate: Action is [sts:assumerole sts:setsourceidentity]",
		strings.Replace(ourTrust, `"Effect":"Allow"`, `"Effect":"Deny"`, 1):                                            "statement WizardCertificate: Effect is Deny, ours is Allow",
		strings.Replace(ourTrust, `"Statement":[`, `"Statement":[{"Sid":"Door","Effect":"Allow","Principal":"*"},`, 1): "statement Door is not ours: Allow [*]",
		`{"Statement":[]}`: "statement WizardCertificate is not there",
		strings.Replace(strings.Replace(ourTrust, `"Action":`, `"NotAction":`, 1), "WizardCertificate", "WizardCertificate", 1): "statement WizardCertificate: Action is not there",
		strings.Replace(ourTrust, `"StringEquals":{`, `"StringLike":{"aws:x":"*"},"StringEquals":{`, 1):                         "statement WizardCertificate: Condition is",
	} {
		lines, err := differences(found, ourTrust)
		if err != nil || !strings.HasPrefix(strings.Join(lines, "\n"), want) {
			t.Errorf("got %q (%v), want %q", lines, err, want)
		}
	}
	// A denial that holds only sometimes.
	deny := `{"Statement":{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*"}}`
	lines, err := differences(strings.Replace(deny, `"Effect"`, `"Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect"`, 1), deny)
	if err != nil || len(lines) != 1 || !strings.Contains(lines[0], "Condition is {Bool={aws:SecureTransport=[false]}}, ours is not there") {
		t.Errorf("a condition more: %q, %v", lines, err)
	}
	for _, bad := range []string{"", "no", "%zz", `{"Statement":"x"}`, `{"Statement":[1]}`, "[]"} {
		if _, err := differences(bad, ourTrust); err == nil {
			t.Errorf("%q was read as a policy", bad)
		}
	}
}

func FuzzStatements(f *testing.F) {
	f.Add(ourTrust)
	f.Add(url.PathEscape(ourTrust))
	f.Add(`{"Statement":{"Principal":{"AWS":["1",null,[2]]},"Condition":{"a":{"b":true}}}}`)
	f.Fuzz(func(t *testing.T, s string) {
		all, err := statements(s)
		if err != nil {
			return
		}
		for _, one := range all {
			if !one.equal(one) || len(one.against(one)) != 0 {
				t.Errorf("a statement of %q differs from itself", s)
			}
		}
	})
}
