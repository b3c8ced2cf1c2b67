//go:build !unix

package keystore

import "io/fs"

// private cannot be told from a mode here; files in a user's own directories
// are that user's.
func private(fs.FileInfo) bool { return true }

func credential(fs.FileInfo) bool { return true }
