package simaws_test

import (
	"crypto/x509"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rolesanywhere"
	"github.com/aws/aws-sdk-go-v2/service/rolesanywhere/types"

	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
)

func bundle(pem string) *types.Source {
	return &types.Source{SourceType: types.TrustAnchorTypeCertificateBundle, SourceData: &types.SourceDataMemberX509CertificateData{Value: pem}}
}

// TestAnchorsAndProfilesAreManaged holds the control plane, without a stack.
func TestAnchorsAndProfilesAreManaged(t *testing.T) {
	w, ca := newWorld(t), newCA(t, caCN)
	c := w.as(w.admin).anywhere()
	a := must[*rolesanywhere.CreateTrustAnchorOutput](t)(c.CreateTrustAnchor(t.Context(), &rolesanywhere.CreateTrustAnchorInput{Name: aws.String("a"), Enabled: aws.Bool(true), Source: bundle(ca.pem()), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})).TrustAnchor
	w.must(w.account.CreateRole("R", `{"Statement":{"Effect":"Allow","Principal":{"Service":"rolesanywhere.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}}`))
	p := must[*rolesanywhere.CreateProfileOutput](t)(c.CreateProfile(t.Context(), &rolesanywhere.CreateProfileInput{Name: aws.String("p"), RoleArns: []string{"arn:aws:iam::111122223333:role/R"}, DurationSeconds: aws.Int32(900)})).Profile
	if aws.ToBool(p.Enabled) || aws.ToInt32(p.DurationSeconds) != 900 || !strings.HasPrefix(aws.ToString(p.ProfileArn), "arn:aws:rolesanywhere:eu-west-1:111122223333:profile/") || !p.CreatedAt.Equal(at) {
		t.Errorf("profile %+v", p)
	}
	s := simaws.StackState{Outputs: map[string]string{"ProfileARN": aws.ToString(p.ProfileArn), "AWSRoleARN": "arn:aws:iam::111122223333:role/R", "TrustAnchorARN": aws.ToString(a.TrustAnchorArn)}}
	r := w.request(ca.leaf(t, newKey(t)), s)
	if got := w.send(r.build(t)); got.status != http.StatusForbidden {
		t.Errorf("with a profile that is off: %d", got.status)
	}
	must[*rolesanywhere.EnableProfileOutput](t)(c.EnableProfile(t.Context(), &rolesanywhere.EnableProfileInput{ProfileId: p.ProfileId}))
	w.session(r)
	must[*rolesanywhere.DisableTrustAnchorOutput](t)(c.DisableTrustAnchor(t.Context(), &rolesanywhere.DisableTrustAnchorInput{TrustAnchorId: a.TrustAnchorId}))
	got := must[*rolesanywhere.GetTrustAnchorOutput](t)(c.GetTrustAnchor(t.Context(), &rolesanywhere.GetTrustAnchorInput{TrustAnchorId: a.TrustAnchorId})).TrustAnchor
	if v, ok := got.Source.SourceData.(*types.SourceDataMemberX509CertificateData); !ok || v.Value != ca.pem() || aws.ToBool(got.Enabled) {
		t.Errorf("anchor %+v", got)
	}
	u := must[*rolesanywhere.UpdateProfileOutput](t)(c.UpdateProfile(t.Context(), &rolesanywhere.UpdateProfileInput{ProfileId: p.ProfileId, DurationSeconds: aws.Int32(1800), ManagedPolicyArns: []string{"arn:aws:iam::aws:policy/SecurityAudit"}})).Profile
	if aws.ToInt32(u.DurationSeconds) != 1800 || len(u.ManagedPolicyArns) != 1 || aws.ToString(u.Name) != "p" {
		t.Errorf("updated %+v", u)
	}
	tags := must[*rolesanywhere.ListTagsForResourceOutput](t)(c.ListTagsForResource(t.Context(), &rolesanywhere.ListTagsForResourceInput{ResourceArn: a.TrustAnchorArn})).Tags
	if len(tags) != 1 || aws.ToString(tags[0].Value) != "v" {
		t.Errorf("tags %v", tags)
	}
	must[*rolesanywhere.DeleteProfileOutput](t)(c.DeleteProfile(t.Context(), &rolesanywhere.DeleteProfileInput{ProfileId: p.ProfileId}))
	must[*rolesanywhere.DeleteTrustAnchorOutput](t)(c.DeleteTrustAnchor(t.Context(), &rolesanywhere.DeleteTrustAnchorInput{TrustAnchorId: a.TrustAnchorId}))
	_, err := c.GetProfile(t.Context(), &rolesanywhere.GetProfileInput{ProfileId: p.ProfileId})
	wantError(t, err, "ResourceNotFoundException", "")
	_, err = c.GetProfile(t.Context(), &rolesanywhere.GetProfileInput{ProfileId: aws.String("x")})
	wantError(t, err, "ValidationException", "")
	_, err = c.ListSubjects(t.Context(), nil)
	wantError(t, err, "NotImplemented", "rolesanywhere:ListSubjects")
	_, err = w.as(w.account.AddUser("x", false)).anywhere().DeleteProfile(t.Context(), &rolesanywhere.DeleteProfileInput{ProfileId: p.ProfileId})
	wantError(t, err, "AccessDeniedException", "User: arn:aws:iam::111122223333:user/x is not authorized to perform: rolesanywhere:DeleteProfile on resource: "+aws.ToString(p.ProfileArn))
}

// TestAnchorTakesAuthoritiesAlone holds the rules for certificates and the fixed
// quota of two.
func TestAnchorTakesAuthoritiesAlone(t *testing.T) {
	w, ca := newWorld(t), newCA(t, caCN)
	c := w.as(w.admin).anywhere()
	for pem, want := range map[string]string{
		ca.leaf(t, newKey(t)).pem(): "Incorrect basic constraints for CA certificate",
		newCA(t, "no usage", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }).pem(): "Incorrect key usage for CA certificate",
		"hello":                               "Invalid certificate data",
		ca.pem() + "x":                        "Invalid certificate data",
		ca.pem() + ca.pem() + ca.pem():        "more than 2 certificates",
		ca.pem() + strings.Repeat("\n", 8000): "have length less than or equal to 8000",
		"":                                    "x509CertificateData",
	} {
		_, err := c.CreateTrustAnchor(t.Context(), &rolesanywhere.CreateTrustAnchorInput{Name: aws.String("a"), Source: bundle(pem)})
		wantError(t, err, "ValidationException", want)
	}
	_, err := c.CreateTrustAnchor(t.Context(), &rolesanywhere.CreateTrustAnchorInput{Name: aws.String("a/b"), Source: bundle(ca.pem())})
	wantError(t, err, "ValidationException", "at 'name' failed to satisfy constraint")
	a := must[*rolesanywhere.CreateTrustAnchorOutput](t)(c.CreateTrustAnchor(t.Context(), &rolesanywhere.CreateTrustAnchorInput{Name: aws.String("a"), Source: bundle(ca.pem())})).TrustAnchor
	must[*rolesanywhere.UpdateTrustAnchorOutput](t)(c.UpdateTrustAnchor(t.Context(), &rolesanywhere.UpdateTrustAnchorInput{TrustAnchorId: a.TrustAnchorId, Source: bundle(ca.pem() + newCA(t, caCN).pem())}))
	_, err = c.UpdateTrustAnchor(t.Context(), &rolesanywhere.UpdateTrustAnchorInput{TrustAnchorId: a.TrustAnchorId, Source: bundle(strings.Repeat(ca.pem(), 3))})
	wantError(t, err, "ValidationException", "more than 2 certificates")
	if n := w.account.Anchors(region); len(n) != 1 || len(n[0].Certificates) != 2 {
		t.Errorf("anchors %+v", n)
	}
}

// TestListsComeByPage holds the paging of anchors and profiles.
func TestListsComeByPage(t *testing.T) {
	w, ca := newWorld(t), newCA(t, caCN)
	c := w.as(w.admin).anywhere()
	for _, name := range []string{"a", "b", "c"} {
		must[*rolesanywhere.CreateTrustAnchorOutput](t)(c.CreateTrustAnchor(t.Context(), &rolesanywhere.CreateTrustAnchorInput{Name: aws.String(name), Source: bundle(ca.pem())}))
	}
	var got []string
	for p := rolesanywhere.NewListTrustAnchorsPaginator(c, &rolesanywhere.ListTrustAnchorsInput{PageSize: aws.Int32(2)}); p.HasMorePages(); {
		for _, a := range must[*rolesanywhere.ListTrustAnchorsOutput](t)(p.NextPage(t.Context())).TrustAnchors {
			got = append(got, aws.ToString(a.Name))
		}
	}
	if !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("anchors %v", got)
	}
}
