package ui

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// sorting is an order of Home.
type sorting int

// The orders.
const (
	byNeed sorting = iota
	byName
	byExpiry
	sortings
)

var sortWords = [sortings]string{"what needs attention first", "in order of the names", "what expires first"}

// listing is the lines of Home in their order. It holds places in the list of
// all entries, so that what is found of one changes no order.
type listing struct {
	order []int // what is listed
	split int   // so many of them, the first, need somebody; only in the order of need
	needy int   // how many need somebody, listed or not
}

// arrange makes the listing. For many entries it takes some milliseconds, so
// that nothing but the first frame waits for it.
func arrange(all []*entry, by sorting, filter string) listing {
	filter = strings.ToLower(strings.TrimSpace(filter))
	l := listing{}
	rest := make([]int, 0, len(all))
	for i, e := range all {
		if e.need.rank > 0 {
			l.needy++
		}
		switch {
		case filter != "" && !strings.Contains(strings.ToLower(string(e.row.Name)), filter):
		case by == byNeed && e.need.rank > 0:
			l.order = append(l.order, i)
		default:
			rest = append(rest, i)
		}
	}
	slices.SortStableFunc(l.order, func(a, b int) int { return all[b].need.rank - all[a].need.rank })
	switch by {
	case byName:
		slices.SortStableFunc(rest, func(a, b int) int {
			return strings.Compare(strings.ToLower(string(all[a].row.Name)), strings.ToLower(string(all[b].row.Name)))
		})
	case byExpiry:
		slices.SortStableFunc(rest, func(a, b int) int { return all[a].row.Expires.Compare(all[b].row.Expires) })
	}
	l.split = len(l.order)
	if l.split == 0 {
		l.order = rest
		return l
	}
	l.order = append(l.order, rest...)
	return l
}

// entries are the lines as the registry alone tells of them.
func entries(c account.Contents, now time.Time) []*entry {
	all := make([]entry, 0, len(c.Drafts)+len(c.Accounts))
	for i := range c.Drafts {
		all = append(all, entry{row: &c.Drafts[i], draft: true})
	}
	for i := range c.Accounts {
		all = append(all, entry{row: &c.Accounts[i]})
	}
	out := make([]*entry, len(all))
	for i := range all {
		all[i].need = needOf(all[i], now)
		out[i] = &all[i]
	}
	return out
}

// with is an entry after f changed it.
func (e entry) with(now time.Time, f func(*entry)) *entry {
	f(&e)
	e.need = needOf(e, now)
	return &e
}

// remembered is the entries with their last checks, and where each account is.
type remembered struct {
	all     []*entry
	at      map[account.ID]int
	listing listing
}

// remember reads the last checks of all accounts.
func remember(ctx context.Context, reg link.Registry, all []*entry, now time.Time, by sorting, filter string) (remembered, error) {
	m := remembered{all: slices.Clone(all), at: make(map[account.ID]int, len(all))}
	for i, e := range m.all {
		m.at[e.row.ID] = i
		if e.draft {
			continue
		}
		if err := ctx.Err(); err != nil {
			return m, err
		}
		if r, err := reg.LastReport(ctx, e.row.ID); err == nil {
			m.all[i] = e.with(now, func(e *entry) { e.seen = sighted(r) })
		}
	}
	m.listing = arrange(m.all, by, filter)
	return m, nil
}

// strays are keys in the file store that are nobody's, and accounts without the
// key they should have there.
type strays struct {
	keys    []account.KeyID
	without []account.ID
}

// stale are the accounts whose last check is older than that, the oldest first.
func stale(all []*entry, now time.Time, age time.Duration) []account.ID {
	var old []*entry
	for _, e := range all {
		if !e.draft && e.stray == "" && !e.row.Owned && (e.seen == nil || now.Sub(e.seen.at) >= age) {
			old = append(old, e)
		}
	}
	when := func(e *entry) time.Time {
		if e.seen == nil {
			return time.Time{}
		}
		return e.seen.at
	}
	slices.SortStableFunc(old, func(a, b *entry) int { return when(a).Compare(when(b)) })
	ids := make([]account.ID, len(old))
	for i, e := range old {
		ids[i] = e.row.ID
	}
	return ids
}
