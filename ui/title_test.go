package ui_test

import "testing"

// TestBackAtTheSelectionNoCloudIsSaid goes back to the question which cloud it is to be:
// the line above does not answer it.
func TestBackAtTheSelectionNoCloudIsSaid(t *testing.T) {
	p := newWorld(t).start(80, 24)
	p.See("Welcome", "Which cloud do you want to link first?")
	p.chooseMicrosoft()
	p.See("Link a new Microsoft account")
	p.Press("esc")
	p.See("Welcome", "Which cloud do you want to link first?")
	p.Gone("Link a new Microsoft account")
}
