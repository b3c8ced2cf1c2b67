package cells_test

import (
	"slices"
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// sound looks at what has to hold at every moment, however a process ended: nothing
// is in the tenant twice, each certificate on an app is of a key that a record has and
// that is in its store or is told to be on its way, each key in a store is on a record,
// and no private key is in a file.
func (c *cell) sound() {
	c.t.Helper()
	known := c.known()
	for at := range c.ring.keys {
		if !slices.ContainsFunc(known, func(k recorded) bool { return k.key.ID == at.id && k.key.Store == at.store }) {
			c.t.Errorf("%s, at %s: key %s in store %s is nobody's", c.where, c.hit, at.id, at.store)
		}
	}
	for name, text := range c.files {
		if strings.Contains(text, "PRIVATE KEY") {
			c.t.Errorf("%s, at %s: a private key is in %s", c.where, c.hit, name)
		}
	}
	if c.amazon != nil {
		c.soundAWS()
		return
	}
	c.soundTenant(known)
}

func (c *cell) soundTenant(all []recorded) {
	c.t.Helper()
	names := map[string]int{}
	for _, a := range c.apps() {
		if a.UniqueName != "" {
			names[a.UniqueName]++
		}
		if doubled(a.Granted) || doubled(a.Roles) {
			c.t.Errorf("%s, at %s: granted %v, roles %v", c.where, c.hit, a.Granted, a.Roles)
		}
		for _, on := range a.Certificates {
			if !slices.ContainsFunc(all, func(k recorded) bool { return k.key.Certificate.SHA1 == on.SHA1 && (k.told || c.holds(k.key)) }) {
				c.t.Errorf("%s, at %s: of certificate %s on %s no key is known", c.where, c.hit, on.SHA1, a.Name)
			}
		}
	}
	for name, n := range names {
		if n != 1 {
			c.t.Errorf("%s, at %s: %d apps are %s", c.where, c.hit, n, name)
		}
	}
	of := map[string]int{}
	for _, p := range c.principals() {
		if of[p.ClientID]++; of[p.ClientID] > 1 {
			c.t.Errorf("%s, at %s: %d enterprise apps of %s", c.where, c.hit, of[p.ClientID], p.ClientID)
		}
	}
	if c.azure {
		c.onceInAzure()
	}
}

// begun tells whether Home says of the account that something was begun.
func (c *cell) begun() bool {
	a, err := c.reg.Account(c.t.Context(), c.id)
	return err == nil && a.Begun() != ""
}

func (c *cell) holds(k account.Key) bool {
	_, there := c.ring.signer(k.Store, k.ID)
	return there
}

func doubled(all []string) bool {
	all = slices.Sorted(slices.Values(all))
	return len(slices.Compact(slices.Clone(all))) != len(all)
}

// recorded is a key on a record. It is told of where Home says that something was begun.
type recorded struct {
	key  account.Key
	told bool
}

// known are the keys that drafts and accounts have on record.
func (c *cell) known() (all []recorded) {
	c.t.Helper()
	list, err := c.reg.Contents(c.t.Context())
	c.must(err)
	for _, row := range list.Drafts {
		d, err := c.reg.Draft(c.t.Context(), row.ID)
		c.must(err)
		for _, k := range d.All() {
			all = append(all, recorded{k, true})
		}
	}
	for _, row := range list.Accounts {
		a, err := c.reg.Account(c.t.Context(), row.ID)
		c.must(err)
		for _, k := range a.Leaving().All() {
			all = append(all, recorded{k, row.Begun != ""})
		}
	}
	return all
}
