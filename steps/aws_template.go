package steps

import (
	"github.com/axiomio/xops-onboard/account"
)

// AWSTemplate is the stack of a draft; a placeholder stands for a certificate that
// is not made yet.
func AWSTemplate(e Env, d account.Draft) string {
	text, err := e.Ops.Ports().AWS.Template(d.AWS(), authorityOf(d))
	if err != nil {
		return Advise(account.AsProblem(err)).Line()
	}
	return text
}

// authorityOf is the certificate of a draft's authority, as far as it is made.
func authorityOf(d account.Draft) (c account.Certificate) {
	if d.Authority != nil {
		c = d.Authority.Certificate
	}
	return c
}

// awsTemplate is the template that a page shows and offers. Both are asked for with
// every key and frame, so it is made again only for another link or authority.
type awsTemplate struct {
	text      string
	link      account.AWSLink
	authority account.Certificate
}

func (t *awsTemplate) of(e Env, d account.Draft) string {
	if l, c := d.AWS(), authorityOf(d); t.text == "" || t.link != l || t.authority != c {
		t.text, t.link, t.authority = AWSTemplate(e, d), l, c
	}
	return t.text
}
