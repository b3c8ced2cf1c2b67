//go:build (dragonfly && cgo) || (freebsd && cgo) || linux || netbsd || openbsd

package keystore

import (
	"context"
	"errors"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/axiomio/xops-onboard/account"
)

// ask has the service show its dialog and waits until the person has answered
// it, ctx ends or the service is gone. The library cannot do it: it does not
// stop waiting. When ctx ends the dialog is taken away; nothing can be stored
// later, as nothing is being stored.
func (r *ring) ask(ctx context.Context) error {
	conn, hang, err := r.connect(busAddress(r.getenv))
	if err != nil {
		return notUsable(account.StoreUnresponsive, err)
	}
	defer hang()
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	prompt, err := promptFor(ctx, conn)
	if err != nil {
		return r.unasked(ctx, err)
	}
	if prompt == noObject { // nothing to ask
		return nil
	}
	dialog := conn.Object(secretName, prompt)
	err = dialog.CallWithContext(ctx, secretPrompt+".Prompt", dbus.FlagNoAutoStart, "").Err
	if err == nil {
		err = answered(ctx, prompt, signals)
	}
	if ctx.Err() != nil { // it may be open even if Prompt was not answered in time
		dismiss, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		_ = dialog.CallWithContext(dismiss, secretPrompt+".Dismiss", dbus.FlagNoAutoStart).Err
	}
	if err != nil {
		return r.unasked(ctx, err)
	}
	return nil
}

// promptFor asks the service to open the keyring, and is the prompt that it
// wants for that. Hearing is arranged before anything can happen that must be
// heard.
func promptFor(ctx context.Context, conn *dbus.Conn) (dbus.ObjectPath, error) {
	if err := conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface(secretPrompt), dbus.WithMatchMember("Completed")); err != nil {
		return noObject, err
	}
	if err := conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, secretName)); err != nil {
		return noObject, err
	}
	path, err := collection(ctx, conn)
	if err != nil {
		return noObject, err
	}
	var unlocked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	err = conn.Object(secretName, secretPath).CallWithContext(ctx, secretService+".Unlock", dbus.FlagNoAutoStart, []dbus.ObjectPath{path}).Store(&unlocked, &prompt)
	return prompt, err
}

// answered waits for the end of a prompt. Whether the keyring is open then is
// for the next probe to say.
func answered(ctx context.Context, prompt dbus.ObjectPath, signals <-chan *dbus.Signal) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case s := <-signals:
			switch {
			case s == nil:
				return errors.New("the session bus went away")
			case s.Name == secretPrompt+".Completed" && s.Path == prompt:
				return nil
			case s.Name == "org.freedesktop.DBus.NameOwnerChanged" && len(s.Body) == 3 && s.Body[0] == secretName:
				return errors.New("the service went away")
			}
		}
	}
}

// unasked is why a dialog brought nothing: the person stopped it, two minutes
// were not enough, or the service does not do it.
func (r *ring) unasked(ctx context.Context, err error) error {
	switch {
	case ctx.Err() == nil:
		return notUsable(account.StoreUnresponsive, err)
	case context.Cause(ctx) == errRanOut:
		return notUsable(account.StoreLocked, errRanOut)
	}
	return cancelled(ctx.Err())
}

// connect is a connection of our own that does not end with the caller's
// context: a dialog is still to be taken away when that has ended, and a look
// may keep it for the next.
func (r *ring) connect(address string) (*dbus.Conn, func(), error) {
	ctx, cancel := context.WithCancel(context.Background())
	slow := time.AfterFunc(r.limits.probe, cancel)
	conn, err := dbus.Connect(address, dbus.WithContext(ctx))
	late := !slow.Stop()
	if err != nil || late {
		cancel()
		if late {
			err = errRanOut
		}
		return nil, nil, err
	}
	return conn, func() { _ = conn.Close(); cancel() }, nil
}

// hangUp ends a call of the library that does not return, by closing the
// connection, which it shares with nobody else in this process. The probe was
// successful before the call, so there is a bus and none is started here.
func hangUp() {
	defer func() { _ = recover() }()
	if conn, err := dbus.SessionBus(); err == nil {
		_ = conn.Close()
	}
}
