//go:build (dragonfly && cgo) || (freebsd && cgo) || linux || netbsd || openbsd

package keystore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"

	"github.com/axiomio/xops-onboard/account"
)

// The keyring of these systems is whoever provides the Secret Service on the
// session bus: https://specifications.freedesktop.org/secret-service/latest/.
// Here it is asked over a connection of our own with a time on every call.

const (
	secretName       = "org.freedesktop.secrets"
	secretPath       = dbus.ObjectPath("/org/freedesktop/secrets")
	secretService    = "org.freedesktop.Secret.Service"
	secretCollection = "org.freedesktop.Secret.Collection"
	secretPrompt     = "org.freedesktop.Secret.Prompt"
	loginCollection  = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	noObject         = dbus.ObjectPath("/")
)

// busAddress is where the session bus is, found as the library finds it; empty
// where the library would go on and start a bus of its own.
func busAddress(getenv func(string) string) string {
	if a := getenv("DBUS_SESSION_BUS_ADDRESS"); a != "" && a != "autolaunch:" {
		return a
	}
	socket := fmt.Sprintf("/run/user/%d/bus", os.Getuid())
	if _, err := os.Stat(socket); err == nil {
		return "unix:path=" + dbus.EscapeBusAddressValue(socket)
	}
	return ""
}

// reads is how many reads may be under way. Most of a read is waiting for other
// processes: of eight side by side each takes half as long as one after another
// (go test ./internal/e2e -run xxx -bench VerifyAll).
const reads = 8

// known is the connection that the last look found the keyring ready with, and
// which collection that was.
type known struct {
	mu         sync.Mutex
	conn       *dbus.Conn
	hang       func() // ends it
	collection dbus.ObjectPath
}

// still tells whether the collection that was found is still there and unlocked,
// which one question answers. Where that is not so, all is looked at anew.
func (k *known) still(ctx context.Context) bool {
	k.mu.Lock()
	conn, path := k.conn, k.collection
	k.mu.Unlock()
	if conn == nil {
		return false
	}
	var locked bool
	if err := property(ctx, conn, path, secretCollection, "Locked", &locked); err == nil && !locked {
		return true
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conn == conn {
		k.hang()
		k.conn, k.hang = nil, nil
	}
	return false
}

// keep has the next look use the connection; whether it does.
func (k *known) keep(conn *dbus.Conn, hang func(), collection dbus.ObjectPath) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conn != nil {
		return false // another look was faster
	}
	k.conn, k.hang, k.collection = conn, hang, collection
	return true
}

// look tells the state of the keyring.
func (r *ring) look(ctx context.Context) (state account.StoreState, canPrompt bool, detail string) {
	if r.known.still(ctx) {
		return account.StoreReady, false, ""
	}
	canPrompt = r.getenv("DISPLAY") != "" || r.getenv("WAYLAND_DISPLAY") != ""
	address := busAddress(r.getenv)
	if address == "" {
		return account.StoreNoBus, false, "no session bus is known"
	}
	conn, hang, err := r.connect(address)
	if err != nil {
		if ctx.Err() != nil || errors.Is(err, errRanOut) {
			return account.StoreUnresponsive, false, "the session bus does not answer"
		}
		return account.StoreNoBus, false, err.Error()
	}
	defer func() {
		if state != account.StoreReady || !r.known.keep(conn, hang, dbus.ObjectPath(detail)) {
			hang()
		}
	}()
	if state, err := r.started(ctx, conn); err != nil {
		return state, false, err.Error()
	}
	collection, err := collection(ctx, conn)
	switch {
	case err != nil:
		return account.StoreUnresponsive, false, err.Error()
	case collection == noObject:
		return account.StoreNoCollection, false, "no default collection"
	}
	var locked bool
	if err := property(ctx, conn, collection, secretCollection, "Locked", &locked); err != nil {
		return account.StoreUnresponsive, false, err.Error()
	}
	if locked {
		return account.StoreLocked, canPrompt, string(collection)
	}
	return account.StoreReady, false, string(collection)
}

// started has the bus start the service if nobody provides it yet. Left to a
// call of the library, a service that never comes up takes four minutes.
func (r *ring) started(ctx context.Context, conn *dbus.Conn) (account.StoreState, error) {
	bus := conn.BusObject()
	var owned bool
	if err := bus.CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, secretName).Store(&owned); err != nil {
		return account.StoreUnresponsive, err
	}
	if owned {
		return "", nil
	}
	var names []string
	if err := bus.CallWithContext(ctx, "org.freedesktop.DBus.ListActivatableNames", 0).Store(&names); err != nil {
		return account.StoreUnresponsive, err
	}
	if !slices.Contains(names, secretName) {
		return account.StoreNoService, errors.New("nobody provides " + secretName)
	}
	r.starts.Store(true)
	defer r.starts.Store(false)
	if err := bus.CallWithContext(ctx, "org.freedesktop.DBus.StartServiceByName", 0, secretName, uint32(0)).Err; err != nil {
		return account.StoreStartTimeout, err
	}
	return "", nil
}

// collection is the collection that the library uses: login if there is one,
// else the default, noObject if there is neither.
func collection(ctx context.Context, conn *dbus.Conn) (dbus.ObjectPath, error) {
	var all []dbus.ObjectPath
	if err := property(ctx, conn, secretPath, secretService, "Collections", &all); err != nil {
		return noObject, err
	}
	if slices.Contains(all, loginCollection) {
		return loginCollection, nil
	}
	var path dbus.ObjectPath
	err := conn.Object(secretName, secretPath).CallWithContext(ctx, secretService+".ReadAlias", dbus.FlagNoAutoStart, "default").Store(&path)
	return path, err
}

func property(ctx context.Context, conn *dbus.Conn, path dbus.ObjectPath, iface, name string, into any) error {
	var v dbus.Variant
	err := conn.Object(secretName, path).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", dbus.FlagNoAutoStart, iface, name).Store(&v)
	if err != nil {
		return err
	}
	return v.Store(into)
}

// stateOf is what an error of the library says of the keyring.
func stateOf(err error) account.StoreState {
	var (
		answered dbus.Error
		network  *net.OpError
		program  *exec.Error
	)
	switch {
	case errors.As(err, &answered) && answered.Name == "org.freedesktop.DBus.Error.ServiceUnknown":
		return account.StoreNoService
	case errors.As(err, &answered):
		return account.StoreUnresponsive
	case errors.As(err, &network) && network.Op == "dial", errors.As(err, &program), strings.HasPrefix(err.Error(), "dbus: invalid bus address"):
		return account.StoreNoBus
	case strings.HasPrefix(err.Error(), "failed to unlock correct collection"):
		return account.StoreLocked // it was open when the probe looked
	}
	return account.StoreUnresponsive
}
