package keystore_test

import (
	"github.com/axiomio/xops-onboard/keystore"
	"github.com/axiomio/xops-onboard/link"
)

// What operations and screens are given.
var (
	_ link.Keys = (*keystore.Keys)(nil)
	_ link.Save = keystore.Files{}
	_ link.Save = (*keystore.MemoryFiles)(nil)
)
