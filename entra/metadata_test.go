package entra

import (
	"fmt"
	"testing"
	"time"
)

// TestMetadataOfManyTenants keeps what the last tenant told, and no more than so many.
func TestMetadataOfManyTenants(t *testing.T) {
	var m metadata
	for i := range 2 * mostMetadata {
		address := fmt.Sprint(i)
		m.keep(address, told{until: time.Now().Add(time.Hour)})
		if _, there := m.find(address); !there {
			t.Fatalf("what tenant %d told was not kept", i)
		}
	}
	if len(m.kept) != mostMetadata {
		t.Errorf("of %d tenants it is kept; want %d", len(m.kept), mostMetadata)
	}
}
