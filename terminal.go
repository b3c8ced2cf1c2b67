package main

import (
	"cmp"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/term"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/browser"
)

// terminalFound is what the terminal can do, as far as it tells without being asked.
func terminalFound(now time.Time) []account.Finding {
	f := account.Finding{Check: account.Check{Name: account.TerminalDraws, State: account.Holds, At: now}}
	b := account.Finding{Check: account.Check{Name: account.BrowserThere, State: account.Holds, At: now, Detail: []string{"one can be opened from here"}}}
	if !browser.Available(os.Getenv) {
		b.Detail = []string{"none can be opened from here: a person signs in with a device code, or through ssh -L"}
	}
	if !terminals() {
		f.Detail = []string{"none at both ends, so lines are written and no screens"}
		return []account.Finding{f, b}
	}
	width, height, err := term.GetSize(os.Stdout.Fd())
	if err == nil {
		f.Detail = append(f.Detail, strconv.Itoa(width)+" columns, "+strconv.Itoa(height)+" rows")
	}
	f.Detail = append(f.Detail, "TERM "+account.Clean(cmp.Or(os.Getenv("TERM"), "not set"), 40)+", colours "+colorprofile.Detect(os.Stdout, os.Environ()).String())
	if locale := cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_CTYPE"), os.Getenv("LANG")); !utf8(locale) {
		f.Detail = append(f.Detail, "the locale does not say UTF-8; where signs come out wrong, use --plain")
	}
	f.Detail = append(f.Detail, "whether it takes copied text (OSC 52) cannot be told")
	return []account.Finding{f, b}
}

func utf8(locale string) bool {
	l := strings.ToLower(locale)
	return strings.Contains(l, "utf-8") || strings.Contains(l, "utf8")
}
