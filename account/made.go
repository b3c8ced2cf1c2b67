package account

// Made is what an onboarding made in a tenant by itself, so that it can be
// found again and taken back: that and no more. What was there before is not in it.
type Made struct {
	Unique      string            `json:"unique,omitempty"` // unique name of the app registration, random, in nobody's eyes before the write
	Graph       ObjectID          `json:"graph,omitempty"`  // Microsoft Graph's own enterprise app in the tenant
	Application ObjectID          `json:"application,omitempty"`
	Principal   ObjectID          `json:"principal,omitempty"`
	Grant       AssignmentID      `json:"grant,omitempty"`
	Role        AssignmentID      `json:"role,omitempty"`
	Azure       []AzureAssignment `json:"azure,omitempty"`      // roles in Azure
	Elevated    bool              `json:"elevated,omitempty"`   // the person took User Access Administrator over everything, and has not given it back
	ElevatedBy  ObjectID          `json:"elevatedBy,omitempty"` // who, on record before it is taken; empty in a file of a version that did not ask
	ElevatedAs  string            `json:"elevatedAs,omitempty"` // the sign-in name of that person
	Stack       string            `json:"stack,omitempty"`      // name of the stack in AWS
	Adopt       ObjectID          `json:"adopt,omitempty"`      // the app that is to be used; on record before it is touched
	AdoptClient ClientID          `json:"adoptClient,omitempty"`
	Had         Had               `json:"had,omitzero"`      // what it had before it was touched
	Adopted     *Adoption         `json:"adopted,omitempty"` // what was added to it
	By          string            `json:"by,omitempty"`      // sign-in name of who signed in last
	Client      ClientID          `json:"client,omitempty"`  // the app that person signed in to
}

// Had is what an app that was there had already, of what linking needs. It is
// never taken back.
type Had struct {
	Principal  ObjectID     `json:"principal,omitempty"`
	Grant      AssignmentID `json:"grant,omitempty"`
	Role       AssignmentID `json:"role,omitempty"`
	Permission bool         `json:"permission,omitempty"` // it asks for it
}

// Nothing tells whether there is nothing to take back in the tenant.
func (m Made) Nothing() bool {
	return m.Application == "" && m.Principal == "" && m.Grant == "" && m.Role == "" && m.Adopt == "" && m.Adopted == nil &&
		len(m.Azure) == 0 && !m.Elevated && m.Stack == ""
}

// HasApp tells whether the draft has its app: one that it made, or one that was
// there and has our certificate now.
func (m Made) HasApp() bool { return m.Application != "" || m.Adopted != nil }

// PlannedChange is one change of a tenant as it will be sent.
type PlannedChange struct {
	Name    string `json:"name"` // of the change: "application" or "adoption", "principal", "grant", "role", "azure-role", "stack"
	Method  string `json:"method"`
	Path    string `json:"path"`
	Subject string `json:"subject,omitempty"` // what it is about, where the name alone does not say: "Reader on Contoso"
	Body    string `json:"body,omitempty"`    // JSON, for people; the certificate stands as a placeholder until it is made
	Done    bool   `json:"done"`              // there already, so nothing is sent
}

// SurveyWish is what is looked for in the tenant for a draft that made this: its
// own app, and the one that it uses or was about to use.
func (d Draft) SurveyWish() SurveyWish {
	m := d.Made
	w := SurveyWish{Provider: d.Provider, Unique: m.Unique, Adopt: m.AdoptClient}
	if m.Adopted != nil {
		w.Adopt = m.Adopted.App.Client
	}
	return w
}
