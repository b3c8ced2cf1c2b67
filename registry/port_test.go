package registry_test

import (
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/registry"
)

var _ link.Registry = (*registry.Registry)(nil)
