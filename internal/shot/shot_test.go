package shot_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/exp/golden"
	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/internal/shot"
	"github.com/axiomio/xops-onboard/internal/termtest"
	"github.com/axiomio/xops-onboard/internal/termtest/vterm"
)

// poster shows a text, and another after a key.
type poster []string

func (p poster) Init() tea.Cmd { return nil }

func (p poster) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, ok := msg.(tea.KeyPressMsg); ok && len(p) > 1 {
		return p[1:], nil
	}
	return p, nil
}

func (p poster) View() tea.View {
	v := tea.NewView(p[0])
	v.AltScreen, v.WindowTitle = true, "Xops 360 <test>"
	v.Cursor = tea.NewCursor(2, 1)
	return v
}

func sample() string {
	accent := lipgloss.NewStyle().Foreground(lipgloss.Color("#7D56F4"))
	return strings.Join([]string{
		lipgloss.NewStyle().Bold(true).Render("Bold & <angled>") + "  " + lipgloss.NewStyle().Faint(true).Render("faint  words"),
		accent.Render("›") + " 日本 wide, " + lipgloss.NewStyle().Foreground(lipgloss.Color("2")).Render("✓ green"),
		strings.Repeat("─", 40),
		lipgloss.NewStyle().Reverse(true).Render(" reverse ") + " " + accent.Background(lipgloss.Color("#112233")).Render(" both ") +
			" " + lipgloss.NewStyle().Underline(true).Render("under"),
	}, "\n")
}

func cells(t *testing.T, text string, dark bool) vterm.Cells {
	t.Helper()
	s := termtest.Start(t, poster{text}, 40, 5)
	s.Background(dark)
	return s.Cells()
}

func TestPictureOfAScreen(t *testing.T) {
	golden.RequireEqual(t, shot.SVG(cells(t, sample(), true), shot.Options{Window: true}))
}

func TestLightPictureWithoutWindow(t *testing.T) {
	golden.RequireEqual(t, shot.SVG(cells(t, sample(), false), shot.Options{}))
}

// TestTextIsWhole reads the words back out of the picture.
func TestTextIsWhole(t *testing.T) {
	got := texts(t, shot.SVG(cells(t, sample(), true), shot.Options{}))
	want := []string{
		"Bold & <angled>", "faint\u00a0\u00a0words", "›", "日", "本", "wide,", "✓", "green",
		strings.Repeat("─", 40), "reverse", "both", "under",
	}
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], " ", "\u00a0")
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("texts (-want +got):\n%s", d)
	}
}

// texts is what the text elements of a picture say; it must be well-formed.
func texts(t *testing.T, svg string) []string {
	t.Helper()
	var got []string
	in := false
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatalf("not XML: %v\n%s", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			in = token.Name.Local == "text"
		case xml.CharData:
			if in && len(bytes.TrimSpace(token)) > 0 {
				got = append(got, string(token))
			}
		case xml.EndElement:
			in = false
		}
	}
}

func TestMovingPicture(t *testing.T) {
	first, second := strings.Replace(sample(), "wide", "once", 1), sample()
	s := termtest.Start(t, poster{first, second}, 40, 5)
	s.See("once")
	frames := []shot.Frame{{Cells: s.Cells(), For: time.Second}}
	s.Press("x")
	s.See("wide")
	frames = append(frames, shot.Frame{Cells: s.Cells(), For: 3 * time.Second})

	svg := shot.Moving(frames, shot.Options{})
	golden.RequireEqual(t, svg)
	if n := strings.Count(svg, "<g id="); n != 5 {
		t.Errorf("%d rows are kept, want 5: the two screens share all but one", n)
	}
}
