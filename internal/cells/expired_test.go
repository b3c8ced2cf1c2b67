package cells_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// TestRotationOfAnExpiredKey has an administrator bring the certificate, in
// whose way the expired one is: Entra changes no list that holds one. A
// certificate of somebody else stays.
func TestRotationOfAnExpiredKey(t *testing.T) {
	for _, replication := range []time.Duration{0, 3 * time.Second} {
		inBubble(t, false, func(c *cell) {
			c.where = "expired"
			inMicrosoft.linked(c)
			c.has()
			before := c.was
			c.tenant.SetReplication(replication)
			time.Sleep(200 * 24 * time.Hour)
			if err := c.rotate(c.process(trouble{})); account.KindOf(err) != account.CertificateOver {
				t.Errorf("by itself: %v", err)
			}
			theirs, err := certifier.Certify(theKeys()[2], "theirs", time.Now(), 90*24*time.Hour)
			c.must(err)
			c.must(c.tenant.Upload(string(before.Microsoft().Client), []byte(theirs.PEM)))
			c.renewed(before)
			if apps := c.tenant.Apps(); len(apps[0].Certificates) != 2 {
				t.Errorf("on the app are %+v, want theirs and ours", apps[0].Certificates)
			}
			c.must(c.tenant.RemoveCertificate(string(before.Microsoft().Client), theirs.SHA1))
			c.rotated()
		})
	}
}

// renewed has an administrator rotate the key.
func (c *cell) renewed(a account.Account) {
	c.t.Helper()
	p := c.process(trouble{})
	admin, err := p.signIn(a.Cloud, a.Microsoft())
	c.must(err)
	c.must(p.end(p.ops.Rotate(p.id, link.RotateWish{Key: account.KeyID(uuid.NewString()), Bits: 2048, Lives: link.Lives, Admin: admin})))
}
