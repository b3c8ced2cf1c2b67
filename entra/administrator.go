package entra

import (
	"fmt"
	"io"
	"sync"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// Session is a person's sign-in for one resource: who it is, and the token until
// Forget. What is being asked then ends with the token it began with. It may be
// used from any goroutine.
type Session struct {
	person account.Person

	mu        sync.Mutex
	bearer    rest.Bearer
	forgotten bool
}

// Person is who signed in.
func (s *Session) Person() account.Person { return s.person }

// Forget drops the token. What is asked afterwards fails with SignInOver.
func (s *Session) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bearer, s.forgotten = rest.Bearer{}, true
}

// Bearer is the token, for calls to the resource's own host. SignInOver once it
// was dropped.
func (s *Session) Bearer() (rest.Bearer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.forgotten {
		return rest.Bearer{}, &account.Problem{Kind: account.SignInOver}
	}
	return s.bearer, nil
}

// Format writes who it is, for every verb.
func (s *Session) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "administrator "+s.person.UPN)
}

// Administrator is a person who signed in for Microsoft Graph, and what can be
// done in the tenant on that person's behalf. It may be used from any goroutine;
// changes of a directory are to be made one at a time.
//
// Every change can be found again, is done when it is there already, and has
// its way back. What a change tells of is every call that it made.
type Administrator struct {
	*Session
	e     *Entra
	cloud account.Cloud
}

// asker puts questions to the tenant's Graph with the token.
func (a *Administrator) asker() (asker, error) {
	bearer, err := a.Bearer()
	if err != nil {
		return asker{}, err
	}
	return asker{a.e.rest, "https://" + a.cloud.Graph + graphVersion, bearer}, nil
}
