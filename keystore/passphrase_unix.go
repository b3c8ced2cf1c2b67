//go:build unix

package keystore

import (
	"io/fs"
	"os"
	"syscall"
)

// private tells whether a file is this user's and nobody else can touch it.
func private(info fs.FileInfo) bool {
	return owner(info) == os.Geteuid() && info.Mode().Perm()&0o077 == 0
}

// credential tells the same of a file that systemd laid ready. It may be
// root's, and have been opened for this user by an access list, whose mask
// shows as the group's rights.
func credential(info fs.FileInfo) bool {
	o := owner(info)
	return (o == os.Geteuid() || o == 0) && info.Mode().Perm()&0o027 == 0
}

func owner(info fs.FileInfo) int {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(s.Uid)
	}
	return -1
}
