package entra

import (
	"fmt"
	"io"
	"sync"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// Administrator is a person who signed in, and what can be done in the tenant
// on that person's behalf. The token lives in here alone until Forget. It may
// be used from any goroutine; changes of a directory are to be made one at a
// time.
//
// Every change can be found again, is done when it is there already, and has
// its way back. What a change tells of is every call that it made.
type Administrator struct {
	e      *Entra
	cloud  account.Cloud
	person account.Person

	mu        sync.Mutex
	bearer    rest.Bearer
	forgotten bool
}

// Person is who signed in.
func (a *Administrator) Person() account.Person { return a.person }

// Forget drops the token. What is asked afterwards fails with SignInOver.
func (a *Administrator) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.bearer, a.forgotten = rest.Bearer{}, true
}

// Format writes who it is, for every verb.
func (a *Administrator) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "administrator "+a.person.UPN)
}

// asker puts questions to the tenant's Graph with the token.
func (a *Administrator) asker() (asker, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.forgotten {
		return asker{}, &account.Problem{Kind: account.SignInOver}
	}
	return asker{a.e.rest, "https://" + a.cloud.Graph + graphVersion, a.bearer}, nil
}
