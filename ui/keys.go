package ui

import "github.com/axiomio/xops-onboard/ui/kit"

// The shell's own keys.
var (
	quitKey    = kit.Key("ctrl+c", "quit")
	suspendKey = kit.Key("ctrl+z", "suspend")
	helpKey    = kit.Key("?", "more", "?", "f1")
	helpTyping = kit.Key("f1", "more")
	linkKey    = kit.Key("ctrl+o", "open the page's link")
	copyKey    = kit.Key("ctrl+y", "copy the page's link")
	listKey    = kit.Key("l", "show all that can be copied, unbroken")
	pageUp     = kit.Key("", "", "pgup")
	pageDown   = kit.Key("", "", "pgdown")
	scrollKey  = kit.Key("pgup pgdn", "scroll", "pgup", "pgdown")
	closeKey   = kit.Key("esc", "close", "esc", "enter", "q", "?")
)
