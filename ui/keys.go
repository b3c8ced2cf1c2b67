package ui

import "charm.land/bubbles/v2/key"

// The shell's own keys.
var (
	quitKey    = key.NewBinding(key.WithKeys("ctrl+c"), key.WithHelp("ctrl+c", "quit"))
	suspendKey = key.NewBinding(key.WithKeys("ctrl+z"), key.WithHelp("ctrl+z", "suspend"))
	helpKey    = key.NewBinding(key.WithKeys("?", "f1"), key.WithHelp("?", "more"))
	helpTyping = key.NewBinding(key.WithKeys("f1"), key.WithHelp("f1", "more"))
	linkKey    = key.NewBinding(key.WithKeys("ctrl+o"), key.WithHelp("ctrl+o", "open the page's link"))
	copyKey    = key.NewBinding(key.WithKeys("ctrl+y"), key.WithHelp("ctrl+y", "copy the page's link"))
	listKey    = key.NewBinding(key.WithKeys("l"), key.WithHelp("l", "show all that can be copied, unbroken"))
	pageUp     = key.NewBinding(key.WithKeys("pgup"))
	pageDown   = key.NewBinding(key.WithKeys("pgdown"))
	scrollKey  = key.NewBinding(key.WithKeys("pgup", "pgdown"), key.WithHelp("pgup pgdn", "scroll"))
	closeKey   = key.NewBinding(key.WithKeys("esc", "enter", "q", "?"), key.WithHelp("esc", "close"))
)
