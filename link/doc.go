// Package link does what happens to an account, without screens: operations of
// journalled changes that send events and may outlive the step that started
// them. The ports it needs of the outside world stand in ports.go.
package link
