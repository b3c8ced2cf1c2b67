// Package keyringtest gives a test a keyring of its own: a real session bus
// with a real gnome-keyring, in any of its states, or a Secret Service that
// misbehaves as it is told. A child process reaches it by its environment.
// Nothing of the user's session is seen or changed, and nothing is left when
// the test ends.
//
// It exists on Linux, and needs dbus-daemon, gnome-keyring-daemon and
// secret-tool.
package keyringtest
