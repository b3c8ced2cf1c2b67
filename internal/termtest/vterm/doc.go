// Package vterm is the terminal that tests put a program in: an emulator with
// a keyboard that a test types on and a screen that it reads, in the words of
// a person: Type, Press, Paste, See, Gone. Packages termtest (a model) and
// ptytest (a built binary) put a program at its other end, the [Line].
//
// It behaves as the current terminals do where programs can tell: it answers
// queries, brackets pastes when asked to, shows a synchronised update only when
// it is whole, speaks the Kitty keyboard protocol for the escape key when the
// program asked for it, and otherwise leaves a pause after a lone ESC as a
// person does.
package vterm
