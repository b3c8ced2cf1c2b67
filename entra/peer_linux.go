package entra

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
)

// mayBring tells whether the other end of a connection on this machine is held
// by one of these users, or by root, who tunnels and forwards. The state alone does not
// tell: it stands in the address that the browser was started with, which other
// users can read among the processes. Where the kernel's tables cannot be read
// it cannot be told, and the state has to do.
//
// A socket counts only while it is open: one that was let go has no owner any
// more, and is listed as root's.
// Source: kernel.org/doc/html/latest/networking/proc_net_tcp.html.
func mayBring(local, remote net.Addr, users []int) bool {
	ours, ok := local.(*net.TCPAddr)
	theirs, also := remote.(*net.TCPAddr)
	if !ok || !also {
		return false
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table)
		if os.IsNotExist(err) && table == "/proc/net/tcp6" {
			continue // a kernel without IPv6
		}
		if err != nil {
			return true
		}
		owner, found := socketOwner(f, theirs, ours)
		_ = f.Close()
		if found {
			return owner == 0 || slices.Contains(users, owner)
		}
	}
	return false
}

// socketOwner is the user id of the open socket from one address to another in
// a table of the kernel.
func socketOwner(table io.Reader, from, to *net.TCPAddr) (uid int, found bool) {
	const (
		address, peer, state, owner, inode = 1, 2, 3, 7, 9
		established                        = "01"
	)
	for lines := bufio.NewScanner(table); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) <= inode || f[state] != established || f[inode] == "0" || !slices.Contains(tableForms(from), f[address]) || !slices.Contains(tableForms(to), f[peer]) {
			continue
		}
		if uid, err := strconv.Atoi(f[owner]); err == nil {
			return uid, true
		}
	}
	return 0, false
}

// tableForms is an address as the tables have it: words of four bytes in this
// machine's order, IPv4 alone and within IPv6.
func tableForms(a *net.TCPAddr) (all []string) {
	for _, ip := range []net.IP{a.IP.To4(), a.IP.To16()} {
		words := slices.Clone(ip)
		for i := 0; i < len(words); i += 4 {
			binary.NativeEndian.PutUint32(words[i:], binary.BigEndian.Uint32(words[i:]))
		}
		all = append(all, strings.ToUpper(hex.EncodeToString(words))+":"+strings.ToUpper(hex.EncodeToString([]byte{byte(a.Port >> 8), byte(a.Port)})))
	}
	return all
}
