package ui_test

import "testing"

// TestBackAtTheSelectionNoCloudIsSaid goes back to the question which cloud it is to be:
// neither the line above answers it nor the list of the steps beside it.
func TestBackAtTheSelectionNoCloudIsSaid(t *testing.T) {
	p := newWorld(t).start(80, 24)
	p.See("Welcome", "Which cloud do you want to link first?")
	p.chooseMicrosoft()
	p.See("Link a new Microsoft account")
	p.Press("esc")
	p.See("Welcome", "Which cloud do you want to link first?")
	p.Gone("Link a new Microsoft account")
	p.chooseMicrosoft()
	p.See("Link a new Microsoft account")
	p.Press("enter")
	p.See("Which tenant?", "Apply and verify")
	p.Press("esc")
	p.See("Link a New Microsoft Account")
	p.Press("esc")
	p.See("Welcome", "Which cloud do you want to link first?")
	p.Gone("Apply and verify")
}
