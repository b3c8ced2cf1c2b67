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
	// Copy has the key of one store in another as well, read back and compared.
	// The same key there is kept.
	Copy(ctx context.Context, id account.KeyID, from, to account.Store) error
	// List is the ids of all keys in a store, nil where it cannot tell.
	List(ctx context.Context, store account.Store) ([]account.KeyID, error)
	// Certify makes a self-signed certificate for the key.
	Certify(signer crypto.Signer, subject string, from time.Time, life time.Duration) (account.Certificate, error)
	// Request makes a certificate signing request for the key, in PEM.
	Request(signer crypto.Signer, subject string) (string, error)
	// Unlock makes a store ready by asking: the OS keyring shows its own dialog
	// (passphrase nil), the file store takes the passphrase, and is created
	// under it when it is empty. It ends when ctx ends.
	Unlock(ctx context.Context, store account.Store, passphrase []byte) error
}

// Registry is accounts and drafts on disk.
type Registry interface {
	// Contents is everything there is, cheaply: from the index.
	Contents(ctx context.Context) (account.Contents, error)
	// List is Contents of which each account is told, with its last check, and none is
	// kept. Begin gives whom to tell, and is called again where all is told anew.
	List(ctx context.Context, begin func() (tell func(account.Row, account.LastCheck))) (others account.Contents, err error)
	// Draft and Account read one whole. NotFound if there is none.
	Draft(ctx context.Context, id account.ID) (account.Draft, error)
	Account(ctx context.Context, id account.ID) (account.Account, error)
	// SaveDraft writes a draft that this process owns or that nobody living
	// owns, and makes this process its owner. DraftOwned otherwise. When it
	// returns nil the draft is on disk.
	SaveDraft(ctx context.Context, d account.Draft) error
	// Finish puts the account in the place of the draft of the same id, in one step.
	Finish(ctx context.Context, a account.Account) error
	// ChangeAccount makes an account what f makes of it, as one change that no
	// other comes between, and returns it as it then is on disk. AccountInUse
	// while another living copy of the program works on it; InputTaken and
	// AlreadyLinked where its name or identity became another's; else f's error.
	ChangeAccount(ctx context.Context, id account.ID, f func(account.Account) (account.Account, error)) (account.Account, error)
	// Hold makes this process the one that works on an account, Release ends
	// that. An owner that was killed holds nothing.
	Hold(ctx context.Context, id account.ID) (account.Account, error)
	Release(ctx context.Context, id account.ID) error
	// Many begins many changes, which then cost as much each where there are very
	// many accounts, until end is called.
	Many(ctx context.Context) (end func())
	// Replace puts a in the place of the account of its id, and then deletes the
	// draft that brought it. Again is no error.
	Replace(ctx context.Context, draft account.ID, a account.Account) error
	// Reopen makes an account a draft of the same id that is Leaving, the first
	// step of removing it. Again is no error.
	Reopen(ctx context.Context, id account.ID) (account.Draft, error)
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
	// Accepts asks for a token with the certificate and drops it: nil when one
	// was issued, CertificateUnseen and its kin otherwise. What was called is told.
	Accepts(ctx context.Context, t account.Target, signer crypto.Signer) ([]account.Evidence, error)
	// Credentials asks for a token of the app for a resource, for whoever collects
	// data with it. CertificateUnseen and its kin where none is issued.
	Credentials(ctx context.Context, of account.Resource, t account.Target, signer crypto.Signer) (account.AppToken, error)
	// FindKey is the id that the app's own certificate next has on it, asked with
	// the app's certificate of t; empty where it is not on the app, or not shown
	// yet. RoleMissing and its kin where the app may not read itself.
	FindKey(ctx context.Context, t account.Target, signer crypto.Signer, next account.Certificate) (string, []account.Evidence, error)
	// AddKey has the app add a certificate to itself, proven with the one of t,
	// and returns the id it got. It is sent once: whether an answer that was lost
	// added it is to be looked up. Without evidence nothing was sent. PolicyLife,
	// PolicyAuthority, ProofRefused.
	AddKey(ctx context.Context, t account.Target, signer crypto.Signer, next account.Certificate) (string, []account.Evidence, error)
	// RemoveKey has the app remove a certificate by its id, proven with the one of
	// t. One that is not there is no error.
	RemoveKey(ctx context.Context, t account.Target, signer crypto.Signer, credential string) ([]account.Evidence, error)
}

// Save writes files for a person to pick up: certificates and templates.
type Save interface {
	// Certificate writes pem as name into dir, never over an existing file: if
	// one is there with other content, "-2", "-3" … is put before the ending;
	// one with the same content is kept. It returns the whole path.
	// FileNotWritten otherwise.
	Certificate(ctx context.Context, dir, name, pem string) (string, error)
	// Text writes text as Certificate does.
	Text(ctx context.Context, dir, name, text string) (string, error)
}
