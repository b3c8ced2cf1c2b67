//go:build !linux && !darwin

package hardening

// Apply does nothing here: there is no such switch.
func Apply() error { return nil }
