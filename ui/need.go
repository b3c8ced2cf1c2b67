package ui

import (
	"time"

	"charm.land/bubbles/v2/key"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// entry is one line of Home: an account, a draft, or a key that belongs to
// neither. Nobody changes one that is listed. There may be very many, and the
// first frame waits for them, so they are small.
type entry struct {
	row   *account.Row
	draft bool
	stray account.KeyID
	lost  bool // the store of the account does not have its key
	seen  *sight
	need  *need
}

// sight is what is remembered of the last checks of an account.
type sight struct {
	at    time.Time
	worst account.CheckState
	wrong *account.Problem // the worst thing that somebody has to do something about
	other *account.Problem // the worst that is none
}

// need is why a line needs somebody, and the one key that deals with it.
type need struct {
	rank  int // the higher the worse
	state account.CheckState
	say   string
	deal  key.Binding
}

// The ranks of what needs somebody, the least first.
const (
	draftLeft = iota + 1
	strayKey
	repointing
	rotating
	movingKey
	removing
	foreignFound
	expiresSoon
	mayNotRead
	hasExpired
	notKnown // Entra issues no token
	keyGone
)

// sighted is what is remembered of a report.
func sighted(r account.Report) *sight {
	s := &sight{at: r.At, worst: account.Holds}
	most := 0
	for i := range r.Checks {
		c := &r.Checks[i]
		if badness[c.State] > badness[s.worst] {
			s.worst, s.other = c.State, c.Problem
		}
		if n := rankOf(*c); n > most {
			most, s.wrong = n, c.Problem
		}
	}
	return s
}

var badness = map[account.CheckState]int{account.Holds: 0, account.Warning: 1, account.Waiting: 2, account.Unknown: 3, account.Missing: 4}

// rankOf is how much a check needs somebody: what is missing does, and what
// somebody else put on the app. Of the rest nobody can do anything.
func rankOf(c account.Check) int {
	if c.Problem == nil {
		return 0
	}
	switch c.Problem.Kind {
	case account.ForeignFound:
		return foreignFound
	case account.KeyMissing, account.KeyDamaged:
		return keyGone
	case account.Expired, account.CertificateOver:
		return hasExpired
	}
	switch {
	case c.State != account.Missing:
		return 0
	case c.Name == account.CertificateAccepted, c.Name == account.AWSSession:
		return notKnown
	}
	return mayNotRead
}

// nobody is the need of what needs nobody.
var nobody = &need{}

// needOf is what a line needs now.
func needOf(e entry, now time.Time) *need {
	n := needed(e, now)
	if n.rank == 0 {
		return nobody
	}
	some := n // it alone is on the heap, and few are
	return &some
}

func needed(e entry, now time.Time) need {
	switch {
	case e.stray != "":
		return need{strayKey, account.Warning, "nobody's, in the file store", kit.Named(throwKey, "delete")}
	case e.row.Owned:
		return need{} // another window deals with it
	case e.draft:
		return draftNeed(*e.row)
	}
	worst := begunNeed(*e.row)
	better := func(n need) {
		if n.rank > worst.rank {
			worst = n
		}
	}
	if e.seen != nil && e.seen.wrong != nil {
		better(problemNeed(e.seen.wrong))
	}
	if e.lost {
		better(problemNeed(&account.Problem{Kind: account.KeyMissing}))
	}
	if left := e.row.Expires.Sub(now); e.row.Expires.IsZero() { // an AWS account by a profile has no certificate
	} else if left <= 0 {
		better(problemNeed(&account.Problem{Kind: account.Expired}))
	} else if left < account.Expiring {
		better(problemNeed(&account.Problem{Kind: account.ExpiringSoon, Left: left}))
	}
	return worst
}

// problemNeed is what a problem of an account needs: a key of its own where
// there is one that deals with it, else a look at the account's page.
func problemNeed(p *account.Problem) need {
	n := need{mayNotRead, account.Missing, steps.Short(p), kit.Named(openKey, "see")}
	renew := kit.Named(rotateKey, "renew")
	switch p.Kind {
	case account.KeyMissing, account.KeyDamaged:
		n.rank, n.deal = keyGone, renew
	case account.CertificateUnseen:
		n.rank, n.deal = notKnown, renew
	case account.AppNotFound, account.AppDisabled, account.NoPrincipal, account.AccessBlocked, account.AppDeleted, account.TenantNotFound:
		n.rank = notKnown
	case account.Expired, account.CertificateOver:
		n.rank, n.deal = hasExpired, renew
	case account.ExpiringSoon:
		n.rank, n.state, n.deal = expiresSoon, account.Warning, kit.Named(rotateKey, "rotate")
	case account.ForeignFound:
		n.rank, n.state = foreignFound, account.Warning
	}
	return n
}

// begunNeed is what was begun on an account and not ended.
func begunNeed(r account.Row) need {
	switch r.Begun {
	case account.Rotating:
		return need{rotating, account.Warning, "rotation not finished", kit.Named(rotateKey, "go on")}
	case account.OldKeyLeft:
		return need{rotating, account.Warning, "its old key is still there", kit.Named(rotateKey, "go on")}
	case account.MovingKey:
		return need{movingKey, account.Warning, "its key is being moved", kit.Named(moveKey, "go on")}
	}
	return need{}
}

func draftNeed(r account.Row) need {
	on := kit.Named(openKey, "go on")
	switch r.Begun {
	case account.Removing:
		return need{removing, account.Warning, "is being removed", on}
	case account.Repointing:
		return need{repointing, account.Warning, "not yet on another app", on}
	}
	return need{draftLeft, account.Warning, "not finished", on}
}
