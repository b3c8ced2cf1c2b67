package steps

import (
	"strings"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// elsewhereOffers bring the certificate to the machine the browser is on.
func elsewhereOffers(e Env, k account.Key) []Offer {
	offers := []Offer{
		{Key: "p", Name: "show certificate", Kind: Show, Title: "Certificate", Value: strings.TrimSpace(k.Certificate.PEM)},
		{Key: "m", Name: "copy certificate", Kind: Copy, Title: "Certificate", Value: k.Certificate.PEM},
	}
	if e.Place.Remote && e.Place.Host != "" {
		offers = append(offers, Offer{Key: "s", Name: "copy scp line", Kind: Copy, Title: "Copy it from your machine with", Value: scp(e, k)})
	}
	return offers
}

// scp is a line to run on the machine with the browser.
func scp(e Env, k account.Key) string {
	return "scp " + quoted(e.Place.Host+":"+k.Saved) + " ."
}

// quoted is a word for a shell: as it is when it needs no quotes.
func quoted(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// elsewhere says how the certificate reaches the browser's machine.
func elsewhere(width int, t kit.Theme, e Env, k account.Key) kit.Frame {
	out := []kit.Frame{
		kit.Blank,
		{Text: kit.Wrap("Your browser is on another machine: p shows the certificate alone, to select and save there as a .cer file; m copies it.", width)},
	}
	if e.Place.Host != "" {
		out = append(out, kit.Frame{Text: t.Faint.Render("Or run this there; s copies it:")}, kit.Frame{Text: kit.Wrap(scp(e, k), width)})
	}
	return kit.Stack(out...)
}
