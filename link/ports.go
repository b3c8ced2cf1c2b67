package link

import (
	"context"
	"crypto"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// Keys is the key stores as operations need them. Every method is bounded in
// time, may be called from any goroutine, and returns account.Problems. A
// private key never passes: Open gives a crypto.Signer.
type Keys interface {
	// Probe tells what a store can do now. It never asks a person.
	Probe(ctx context.Context, store account.Store) account.StoreStatus
	// Make has a private key of that many bits under id: it makes one, stores
	// it, reads it back and compares. A sound key already there is kept.
	Make(ctx context.Context, store account.Store, id account.KeyID, bits int) error
	// Open reads the key. KeyMissing if there is none.
	Open(ctx context.Context, store account.Store, id account.KeyID) (crypto.Signer, error)
	// Delete removes the key and looks that it is gone. None there is no error.
	Delete(ctx context.Context, store account.Store, id account.KeyID) error
	// Certify makes a self-signed certificate for the key.
	Certify(signer crypto.Signer, subject string, from time.Time, life time.Duration) (account.Certificate, error)
	// Unlock makes a store ready by asking: the OS keyring shows its own dialog
	// (passphrase nil), the file store takes the passphrase, and is created
	// under it when it is empty. It ends when ctx ends.
	Unlock(ctx context.Context, store account.Store, passphrase []byte) error
}

// Registry is accounts and drafts on disk.
type Registry interface {
	// Contents is everything there is, cheaply: from the index.
	Contents(ctx context.Context) (account.Contents, error)
	// Draft and Account read one whole. NotFound if there is none.
	Draft(ctx context.Context, id account.ID) (account.Draft, error)
	Account(ctx context.Context, id account.ID) (account.Account, error)
	// SaveDraft writes a draft that this process owns or that nobody living
	// owns, and makes this process its owner. DraftOwned otherwise. When it
	// returns nil the draft is on disk.
	SaveDraft(ctx context.Context, d account.Draft) error
	// Finish puts the account in the place of the draft of the same id, in one step.
	Finish(ctx context.Context, a account.Account) error
	// Remove deletes the account or draft. None there is no error.
	Remove(ctx context.Context, id account.ID) error
	// AppendEvidence adds what was called for a change to the copy for people,
	// which only grows.
	AppendEvidence(ctx context.Context, id account.ID, change string, calls []account.Evidence) error
	// SaveReport keeps the last verification of an account; LastReport reads it
	// (NotFound if there is none). They take no lock.
	SaveReport(ctx context.Context, id account.ID, r account.Report) error
	LastReport(ctx context.Context, id account.ID) (account.Report, error)
}

// Microsoft is Entra ID and Microsoft Graph as operations need them.
type Microsoft interface {
	// Discover finds a tenant by id or domain, without any sign-in. With
	// cloud "" it asks Global first and then the others; else only that cloud.
	// TenantNotFound or TenantElsewhere if it is not there. The duration is how
	// far this machine's clock is ahead of the service's (negative: behind).
	Discover(ctx context.Context, cloud account.CloudID, tenant string) (account.Tenant, time.Duration, error)
	// Reach tells which of the cloud's hosts (sign-in, Graph) cannot be reached
	// from here, and how far the clock is off, as Discover does. It asks nothing
	// of any tenant.
	Reach(ctx context.Context, cloud account.CloudID) (time.Duration, []account.Problem)
	// Verify makes the checks of a Microsoft account with the key's own
	// certificate. It always returns a report: what could not be asked is
	// Unknown in it.
	Verify(ctx context.Context, t account.Target, signer crypto.Signer) account.Report
}

// Save writes certificate files for a person to pick up.
type Save interface {
	// Certificate writes pem as name into dir, never over an existing file: if
	// one is there with other content, "-2", "-3" … is put before the ending;
	// one with the same content is kept. It returns the whole path.
	// FileNotWritten otherwise.
	Certificate(ctx context.Context, dir, name, pem string) (string, error)
}
