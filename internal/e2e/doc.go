// Package e2e holds journeys of the built program: on a pty, with a real
// keyring, over a real HTTPS proxy to the simulated cloud. It has tests alone.
//
// The scripts in testdata/script say what commands write and how they end; one is
// run with go test ./internal/e2e -run 'TestScript/^life$', with -v to see all of it.
package e2e
