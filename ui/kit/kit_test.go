package kit_test

import (
	"image/color"
	"math"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/axiomio/xops-onboard/ui/kit"
)

func TestColoursCanBeRead(t *testing.T) {
	for name, dark := range map[string]bool{"dark": true, "light": false} {
		th := kit.NewTheme(dark)
		back := 1.0
		if dark {
			back = 0
		}
		for what, s := range map[string]lipgloss.Style{"faint": th.Faint, "accent": th.Accent, "good": th.Good, "warn": th.Warn, "bad": th.Bad, "keys": th.KeyText, "banner": th.Banner} {
			if got := contrast(luminance(s.GetForeground()), back); got < 4.5 {
				t.Errorf("%s on %s has contrast %.1f, want at least 4.5", what, name, got)
			}
		}
	}
}

func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	lin := func(v uint32) float64 {
		f := float64(v) / 0xffff
		if f <= 0.04045 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(r) + 0.7152*lin(g) + 0.0722*lin(b)
}

func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }

func TestWrapKeepsIdentifiersWhole(t *testing.T) {
	const id = "00001111-aaaa-2222-bbbb-3333cccc4444"
	got := kit.Wrap("The application is "+id+" here", 40)
	if !strings.Contains(got, id) {
		t.Errorf("Wrap broke the id:\n%s", got)
	}
	for _, line := range strings.Split(got, "\n") {
		if ansi.StringWidth(line) > 40 {
			t.Errorf("line is wider than 40: %q", line)
		}
	}
}

func TestWrapKeepsLinks(t *testing.T) {
	link := kit.Link(kit.NewTheme(true), "https://a-b.example/x-y", "a-b.example/x-y and more words that are wrapped")
	got := kit.Wrap(link, 20)
	if !strings.Contains(got, "https://a-b.example/x-y") || strings.Contains(got, "\ue000") {
		t.Errorf("the address changed: %q", got)
	}
}

func TestLongPageScrollsAndKeepsItsLiveLine(t *testing.T) {
	th := kit.NewTheme(true)
	body := make([]string, 50)
	for i := range body {
		body[i] = strings.Repeat("x", i+1)
	}
	p := kit.Page{Title: "T", Body: kit.Lines(body...), Live: kit.Lines("live")}
	f, _, far := p.Draw(kit.Size{Width: 60, Height: 12}, th, kit.Scroll{})
	if f.Height() != 12 || far == 0 {
		t.Errorf("drawn %d lines with %d to scroll, want 12 and more than 0", f.Height(), far)
	}
	if !strings.HasSuffix(f.Text, "live") {
		t.Errorf("the live line is not at the end:\n%s", f.Text)
	}
	if !strings.Contains(ansi.Strip(f.Text), "↓ pgdn") {
		t.Errorf("nothing says that there is more:\n%s", f.Text)
	}
	end, _, _ := p.Draw(kit.Size{Width: 60, Height: 12}, th, kit.Scroll{Offset: far})
	if !strings.Contains(end.Text, strings.Repeat("x", 50)) {
		t.Error("the last line cannot be reached")
	}
}

func TestCursorStandsWhereTextIsTyped(t *testing.T) {
	th := kit.NewTheme(true)
	for _, text := range []string{"", "Contoso", "東京 office", "{00001111-aaaa-2222-bbbb-3333cccc4444}"} {
		f := kit.NewField("Name", "", "")
		f.Focus()
		f.Update(tea.PasteMsg{Content: text})
		d := f.Draw(60, th)
		if d.Cursor == nil {
			t.Fatalf("no cursor for %q", text)
		}
		if want := 2 + lipgloss.Width(text); d.Cursor.X != want || d.Cursor.Y != 1 {
			t.Errorf("cursor for %q at %d,%d, want %d,1", text, d.Cursor.X, d.Cursor.Y, want)
		}
	}
}

func TestFieldTakesALongPasteWhole(t *testing.T) {
	f := kit.NewField("ID", "", "")
	f.Focus()
	want := "Application (client) ID : {00001111-AAAA-2222-BBBB-3333CCCC4444}"
	f.Update(tea.PasteMsg{Content: want})
	if f.Value() != want {
		t.Errorf("Value() = %q, want %q", f.Value(), want)
	}
}

func TestSecretIsNeverDrawn(t *testing.T) {
	f := kit.NewField("Passphrase", "", "").Secret()
	f.Focus()
	f.Update(tea.PasteMsg{Content: "correct horse battery"})
	if d := f.Draw(60, kit.NewTheme(true)); strings.Contains(ansi.Strip(d.Text), "horse") {
		t.Errorf("drawn: %q", d.Text)
	}
}

func TestGroups(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "9F3A61C2": "9F3A61C2", "9F3A61C277": "9F3A61C2 77",
		"9F3A61C277D041BE90AC5E128F0B3D6A44C1E7F2": "9F3A61C2 77D041BE 90AC5E12 8F0B3D6A 44C1E7F2",
	} {
		if got := kit.Groups(in); got != want {
			t.Errorf("Groups(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestFieldScrollsWithItsLabel shows the label over a field and what is wrong
// under it, in a room too low for the page.
func TestFieldScrollsWithItsLabel(t *testing.T) {
	th := kit.NewTheme(true)
	f := kit.NewField("Directory (tenant) ID", "", "")
	f.Focus()
	f.Wrong("No tenant has this id.")
	p := kit.Page{Title: "T", Body: kit.Stack(kit.Lines(strings.Split(strings.Repeat("above\n", 9), "\n")...), kit.Blank, f.Draw(60, th)), Live: kit.Lines("live")}
	d, _, _ := p.Draw(kit.Size{Width: 60, Height: 6}, th, kit.Scroll{})
	for _, want := range []string{"Directory (tenant) ID", "No tenant has this id.", "live"} {
		if !strings.Contains(ansi.Strip(d.Text), want) {
			t.Errorf("%q does not show:\n%s", want, d.Text)
		}
	}
}

func TestLongValuesAreWhole(t *testing.T) {
	th := kit.NewTheme(true)
	for _, value := range []string{strings.Repeat("Contoso ", 8) + "Ltd.", strings.Repeat("x", 100)} {
		got := ansi.Strip(kit.Value(40, th, "Name", value).Text)
		if strings.Join(strings.Fields(got), "") != "Name"+strings.ReplaceAll(value, " ", "") {
			t.Errorf("Value(%q) = %q", value, got)
		}
		for _, word := range strings.Fields(value) {
			if len(word) < 38 && !strings.Contains(got, word) {
				t.Errorf("%q is broken in %q", word, got)
			}
		}
	}
}

func TestBig(t *testing.T) {
	want := "█▀▀ █▀▀ █ █\n█▀  █▀█  █\n▀▀▀ ▀▀▀  ▀"
	if got := kit.Big("E6Y", 40); got != want {
		t.Errorf("Big = \n%s\nwant\n%s", got, want)
	}
	for code, width := range map[string]int{"E6YKH3T4N": 35, "e6y": 40, "E6?": 40, "東京": 40} {
		if got := kit.Big(code, width); got != code {
			t.Errorf("Big(%q, %d) = \n%s\nwant it as it is", code, width, got)
		}
	}
	if got := kit.Big("E6YKH3T4N", 36); got == "E6YKH3T4N" {
		t.Error("a width that holds the large letters is not used")
	}
	seen := map[string]rune{}
	for _, r := range "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-" {
		big := kit.Big(string(r), 4)
		if other, twice := seen[big]; twice || big == string(r) {
			t.Errorf("%c looks like %c:\n%s", r, other, big)
		}
		seen[big] = r
		for _, line := range strings.Split(big, "\n") {
			if ansi.StringWidth(line) > 3 {
				t.Errorf("%c is wider than 3 cells:\n%s", r, big)
			}
		}
	}
}

func TestMenu(t *testing.T) {
	var m kit.Menu[string]
	if to, ok := m.Take(); ok {
		t.Errorf("an empty menu leads to %q", to)
	}
	m.Add(kit.Option{Title: "one"}, "1")
	m.Add(kit.Option{Title: "two", Off: "not now"}, "2")
	for at, want := range []string{"1", ""} {
		m.Go(at)
		if to, ok := m.Take(); to != want || ok != (want != "") {
			t.Errorf("option %d leads to %q, %t", at, to, ok)
		}
	}
}
