// Package e2e holds journeys of the built program: on a pty, with a real
// keyring, over a real HTTPS proxy to the simulated cloud. It has tests alone.
package e2e
