package aws_test

import (
	"context"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/aws"
	"github.com/axiomio/xops-onboard/link"
)

// port is how main wires the package: it does not know link, so its
// administrator becomes link's here.
type port struct{ *aws.AWS }

func (p port) SignIn(ctx context.Context, profile string, region account.AWSRegion) (link.AWSAdministrator, error) {
	admin, err := p.AWS.SignIn(ctx, profile, region)
	if err != nil {
		return nil, err // not a nil *Administrator in an interface
	}
	return admin, nil
}

var (
	_ link.AWS              = port{}
	_ link.AWSAdministrator = (*aws.Administrator)(nil)
)
