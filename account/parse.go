package account

// ID names an account or draft: a UUID made here.
type ID string

// KeyID names a private key in a key store: a UUID made here.
type KeyID string

// TenantID is a Directory (tenant) ID: a GUID in lower case with dashes.
// ParseTenantID is the only way to get one from text.
type TenantID string

// ClientID is an Application (client) ID, as TenantID.
type ClientID string

// ObjectID is the id of a directory object, as Microsoft Graph tells it.
type ObjectID string

// Domain is a DNS name in lower case, without a trailing dot.
type Domain string

// Name is a friendly name: cleaned, blanks folded, 1 to 60 characters.
type Name string
