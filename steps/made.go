package steps

import (
	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// adoption is what adding to an app that is there is called in a plan, in the
// place of the application.
const adoption = "adoption"

// did tells whether a change of the tenant is done. What an app had that was
// there before is no doing of this draft's, so that the journal alone knows that
// it was found.
func did(d account.Draft, change string) bool {
	m := d.Made
	switch change {
	case link.TheApplication, adoption:
		return m.HasApp()
	case link.ThePrincipal:
		return m.Principal != "" || m.Adopted != nil && d.Microsoft().Principal != ""
	case link.TheGrant:
		return m.Grant != "" || m.Adopted != nil && journalled(d, change)
	case link.TheRole:
		return m.Role != "" || m.Adopted != nil && journalled(d, change)
	}
	return false
}

// journalled tells whether the newest entry of a change says that it ended well.
func journalled(d account.Draft, change string) bool {
	well := false
	for _, e := range d.Journal {
		if e.Change == change {
			well = !e.Ended.IsZero() && e.Failed == ""
		}
	}
	return well
}
