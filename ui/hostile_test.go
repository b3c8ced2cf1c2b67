package ui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/hostile"
)

// unharmed holds that nothing hostile has come to the terminal, in what was drawn, in
// the window's title and in what was copied.
func (p *person) unharmed() {
	p.w.t.Helper()
	if raw := hostile.Raw(p.Stream()); raw != "" {
		p.w.t.Errorf("the terminal got %q", raw)
	}
	for _, s := range []string{p.Title(), p.Clip()} {
		if bad := hostile.Lines(s); bad != "" {
			p.w.t.Errorf("%q is in the title or the clipboard", bad)
		}
	}
}

// edited is an account, or with draft a draft, whose every text somebody has edited.
func (w *world) edited(p account.Provider, name string, draft bool) account.ID {
	w.t.Helper()
	var d account.Draft
	hostile.Fill(w.t, &d, hostile.Short)
	var m account.MicrosoftLink
	var z account.AzureLink
	var s account.AWSLink
	hostile.Fill(w.t, &m, hostile.Short)
	hostile.Fill(w.t, &z, hostile.Short)
	hostile.Fill(w.t, &s, hostile.Short)
	id := w.ids.next()
	m.Client = account.ClientID(id + string(m.Client))
	z.Client, s.Role = m.Client, account.ARN(id+string(s.Role))
	d.ID, d.Name, d.Provider, d.Cloud, d.Replaces, d.Owner = account.ID(id), account.Name(name), p, account.Global, "", account.Owner{}
	d.Link = map[account.Provider]account.Link{account.Microsoft: m, account.Azure: z, account.AWS: s}[p]
	d.Keys[0].Store, d.Keys[0].Certificate.NotAfter = account.FileStore, today.Add(24*time.Hour)
	d.Trail = []string{"provider", "way", "name"}
	if err := w.reg.SaveDraft(w.t.Context(), d); err != nil {
		w.t.Fatal(err)
	}
	if draft {
		return d.ID
	}
	a := d.Account(today)
	a.Owner = account.Owner{}
	if err := w.reg.Finish(w.t.Context(), a); err != nil {
		w.t.Fatal(err)
	}
	var r account.Report
	hostile.Fill(w.t, &r, hostile.Short)
	r.At = today
	for _, n := range []account.CheckName{account.CertificateAccepted, account.Consent, account.AWSTrust, account.Foreign} {
		c := r.Checks[0]
		c.Name, c.State, c.At = n, account.Missing, today
		r.Checks = append(r.Checks, c)
	}
	if err := w.reg.SaveReport(w.t.Context(), a.ID, r); err != nil {
		w.t.Fatal(err)
	}
	return a.ID
}

// TestHostileList holds it of the list, with a name of each kind.
func TestHostileList(t *testing.T) {
	w := newWorld(t)
	w.keys.set(account.FileStore, account.StoreLocked, false)
	for i, s := range hostile.Texts[:len(hostile.Texts)-2] {
		w.edited(account.Microsoft, fmt.Sprintf("%02d %s", i, s), i%5 == 4)
	}
	p := w.start(120, 60)
	p.See("00 Contoso", fmt.Sprintf("%02d Con", len(hostile.Texts)-3))
	p.Press("/")
	p.Type("Con")
	p.Press("enter", "s", "?", "esc")
	p.See("Con")
	p.unharmed()
}

// TestHostileAccount holds it of everything that is shown of one account.
func TestHostileAccount(t *testing.T) {
	for _, provider := range []account.Provider{account.Microsoft, account.Azure, account.AWS} {
		t.Run(string(provider), func(t *testing.T) {
			w := newWorld(t)
			w.keys.set(account.FileStore, account.StoreLocked, false)
			w.edited(provider, "Con"+hostile.Short, false)
			p := w.start(120, 50)
			p.See("1 connected")
			p.Press("enter")
			p.See("Key")
			p.Press("e")
			p.See("Con")
			p.unharmed()
			for _, key := range []string{"?", "l", "h"} {
				p.Press(key)
				p.Until("it is drawn", func() bool { return strings.TrimSpace(p.Text()) != "" })
				p.unharmed()
				p.Press("enter", "esc")
			}
			p.unharmed()
		})
	}
}

// TestHostileDraft holds it of a draft that is gone on with, at every stop.
func TestHostileDraft(t *testing.T) {
	for _, provider := range []account.Provider{account.Microsoft, account.Azure, account.AWS} {
		t.Run(string(provider), func(t *testing.T) {
			w := newWorld(t)
			w.edited(provider, "Con"+hostile.Short, true)
			p := w.start(100, 40)
			p.Until("it is drawn", func() bool { return strings.Contains(p.Text(), "Con") })
			for range 6 {
				p.Press("enter", "down")
				p.Until("it is drawn", func() bool { return strings.TrimSpace(p.Text()) != "" })
				p.unharmed()
			}
			for range 4 {
				p.Press("esc")
				p.unharmed()
			}
		})
	}
}

// TestHostileClipboard holds it of what is pasted and typed into fields.
func TestHostileClipboard(t *testing.T) {
	w := newWorld(t)
	p := w.start(100, 30)
	p.chooseMicrosoft()
	p.goByHand()
	p.See("Name the account")
	for _, s := range append(hostile.Texts[:len(hostile.Texts)-2:len(hostile.Texts)-2], hostile.Short) {
		p.Paste("Con" + strings.ReplaceAll(s, "\x1b[201~", ""))
	}
	p.See("Con")
	p.unharmed()
}

// TestHostileTerminal holds that what a terminal answers, and a keyboard sends, is
// never written back.
func TestHostileTerminal(t *testing.T) {
	w := newWorld(t)
	p := w.start(100, 30)
	p.chooseMicrosoft()
	p.goByHand()
	p.See("Name the account")
	for _, s := range []string{
		"\x1b]11;rgb:" + hostile.Mark + "\x07", "\x1b]11;" + hostile.Mark + "\x1b\\", "\x1b]52;c;" + hostile.Mark + "\x07", "\x1bP>|" + hostile.Mark + "\x1b\\", "\x1bP1+r" + hostile.Mark + "\x1b\\",
		"\x1b_G" + hostile.Mark + "\x1b\\", "\x1b[?62;" + strings.Repeat("1;", 500) + "c", "\x1b[0;0;8238u", "\x1b[97;1;97:8238:155u", "\u202e", "\u009b", "\x1b[200~\x1b[2J\u202e" + "\x1b[201~", "\x1b[1;1R",
		"\x1b[27;5;8238~", "\x1b[8238u", "\x1b[155u", "\xff\xfe", "\x00",
	} {
		p.Raw(s)
	}
	p.Type("Contoso")
	p.See("Contoso")
	p.unharmed()
}
