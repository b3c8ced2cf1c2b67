//go:build linux

package keyringtest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"
)

// Dialog is how a prompt of a Fake goes.
type Dialog int

// The ways of a prompt.
const (
	NoDialog   Dialog = iota // it is done without asking
	Granted                  // a dialog opens and is answered at once
	Dismissed                // a dialog opens and is closed at once
	Unanswered               // a dialog opens and stays, until Answer
)

// Behaviour is what a Fake does. The zero Behaviour is an open keyring that
// keeps what it is given.
type Behaviour struct {
	Locked                 bool // until a dialog is granted
	Unlock, Create, Delete Dialog
	DeafSession            bool // OpenSession is never answered
	OddCollections         bool // Collections has another type than the specification says
	Forgets                bool // CreateItem is done, and nothing is kept
	Spoils                 bool // a secret comes back as another one
}

// Fake is a Secret Service that behaves as it is told, on a real bus, by the
// methods that go-keyring and secret-tool lookup call:
// https://specifications.freedesktop.org/secret-service/latest/.
type Fake struct {
	*Session
	own     *dbus.Conn
	end     chan struct{} // closed when the test ends
	mu      sync.Mutex
	is      Behaviour
	items   map[dbus.ObjectPath]item
	open    map[dbus.ObjectPath]func() dbus.Variant // dialogs, and what granting one does
	counter int
}

type item struct {
	attributes map[string]string
	secret     secret
}

// secret is the struct of the specification, (oayays).
type secret struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

// NewFake is a session with a Fake for its keyring.
func NewFake(t testing.TB, is Behaviour) *Fake {
	t.Helper()
	f := &Fake{
		Session: NoService(t), is: is, end: make(chan struct{}),
		items: map[dbus.ObjectPath]item{}, open: map[dbus.ObjectPath]func() dbus.Variant{},
	}
	f.own = f.connect()
	t.Cleanup(func() { close(f.end) })
	f.export(serviceFace{f}, secretPath, "org.freedesktop.Secret.Service")
	f.export(properties{f}, secretPath, "org.freedesktop.DBus.Properties")
	for _, path := range []dbus.ObjectPath{loginPath, secretPath + "/aliases/default"} {
		f.export(collectionFace{f}, path, "org.freedesktop.Secret.Collection")
		f.export(properties{f}, path, "org.freedesktop.DBus.Properties")
	}
	f.export(sessionFace{}, secretPath+"/session/s1", "org.freedesktop.Secret.Session")
	if reply, err := f.own.RequestName(secretName, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("take the name of the Secret Service: %v %v", reply, err)
	}
	return f
}

func (f *Fake) export(v any, path dbus.ObjectPath, iface string) {
	if err := f.own.Export(v, path, iface); err != nil {
		panic(err)
	}
}

// Set changes what the Fake does from now on.
func (f *Fake) Set(is Behaviour) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.is = is
}

// Items is how many items the Fake keeps.
func (f *Fake) Items() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.items)
}

// Dialogs is how many dialogs are open.
func (f *Fake) Dialogs() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.open)
}

// AwaitDialog waits until a dialog is open.
func (f *Fake) AwaitDialog() {
	f.t.Helper()
	f.until("a dialog is open", func() bool { return f.Dialogs() > 0 })
}

// Answer grants all dialogs that are open, however late.
func (f *Fake) Answer() {
	f.mu.Lock()
	open := f.open
	f.open = map[dbus.ObjectPath]func() dbus.Variant{}
	f.mu.Unlock()
	for path, grant := range open {
		f.completed(path, false, grant())
	}
}

// Vanish gives up the name of the Secret Service, as a daemon that dies does.
func (f *Fake) Vanish() {
	f.t.Helper()
	if _, err := f.own.ReleaseName(secretName); err != nil {
		f.t.Fatal(err)
	}
}

func (f *Fake) completed(prompt dbus.ObjectPath, dismissed bool, result dbus.Variant) {
	_ = f.own.Emit(prompt, "org.freedesktop.Secret.Prompt.Completed", dismissed, result)
}

// prompt makes a prompt for what do does; without a dialog it is done at once.
func (f *Fake) prompt(how Dialog, do func() dbus.Variant) (dbus.ObjectPath, dbus.Variant) {
	if how == NoDialog {
		return "/", do()
	}
	path := f.next("prompt")
	f.export(promptFace{f, path, how, do}, path, "org.freedesktop.Secret.Prompt")
	return path, dbus.Variant{}
}

func (f *Fake) next(kind string) dbus.ObjectPath {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counter++
	return secretPath + dbus.ObjectPath(fmt.Sprintf("/%s/n%d", kind, f.counter))
}

func (f *Fake) behaviour() Behaviour {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.is
}

type serviceFace struct{ f *Fake }

func (s serviceFace) OpenSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	if s.f.behaviour().DeafSession {
		<-s.f.end
	}
	return dbus.MakeVariant(""), secretPath + "/session/s1", nil
}

func (s serviceFace) ReadAlias(string) (dbus.ObjectPath, *dbus.Error) { return loginPath, nil }

func (s serviceFace) Unlock(objects []dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	is := s.f.behaviour()
	if !is.Locked {
		return objects, "/", nil
	}
	path, _ := s.f.prompt(is.Unlock, func() dbus.Variant {
		s.f.mu.Lock()
		defer s.f.mu.Unlock()
		s.f.is.Locked = false
		return dbus.MakeVariant(objects)
	})
	return nil, path, nil
}

type collectionFace struct{ f *Fake }

func (c collectionFace) CreateItem(properties map[string]dbus.Variant, s secret, _ bool) (dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	is := c.f.behaviour()
	attributes, _ := properties["org.freedesktop.Secret.Item.Attributes"].Value().(map[string]string)
	prompt, done := c.f.prompt(is.Create, func() dbus.Variant {
		path := c.f.next("collection/login")
		if !is.Forgets {
			c.f.export(itemFace{c.f, path}, path, "org.freedesktop.Secret.Item")
			c.f.mu.Lock()
			defer c.f.mu.Unlock()
			c.f.items[path] = item{attributes, s}
		}
		return dbus.MakeVariant(path)
	})
	if path, ok := done.Value().(dbus.ObjectPath); ok {
		return path, prompt, nil
	}
	return "/", prompt, nil
}

func (c collectionFace) SearchItems(attributes map[string]string) ([]dbus.ObjectPath, *dbus.Error) {
	c.f.mu.Lock()
	defer c.f.mu.Unlock()
	found := []dbus.ObjectPath{}
	for path, it := range c.f.items {
		if it.attributes["service"] == attributes["service"] && it.attributes["username"] == attributes["username"] {
			found = append(found, path)
		}
	}
	return found, nil
}

type itemFace struct {
	f    *Fake
	path dbus.ObjectPath
}

func (i itemFace) GetSecret(session dbus.ObjectPath) (secret, *dbus.Error) {
	i.f.mu.Lock()
	defer i.f.mu.Unlock()
	s := i.f.items[i.path].secret
	s.Session = session
	if i.f.is.Spoils {
		s.Value = append([]byte("x"), s.Value...)
	}
	return s, nil
}

func (i itemFace) Delete() (dbus.ObjectPath, *dbus.Error) {
	path, _ := i.f.prompt(i.f.behaviour().Delete, func() dbus.Variant {
		i.f.mu.Lock()
		defer i.f.mu.Unlock()
		delete(i.f.items, i.path)
		return dbus.MakeVariant("")
	})
	return path, nil
}

type sessionFace struct{}

func (sessionFace) Close() *dbus.Error { return nil }

type promptFace struct {
	f     *Fake
	path  dbus.ObjectPath
	how   Dialog
	grant func() dbus.Variant
}

func (p promptFace) Prompt(string) *dbus.Error {
	switch p.how {
	case Granted:
		p.f.completed(p.path, false, p.grant())
	case Dismissed:
		p.f.completed(p.path, true, dbus.MakeVariant(""))
	default:
		p.f.mu.Lock()
		defer p.f.mu.Unlock()
		p.f.open[p.path] = p.grant
	}
	return nil
}

func (p promptFace) Dismiss() *dbus.Error {
	p.f.mu.Lock()
	delete(p.f.open, p.path)
	p.f.mu.Unlock()
	p.f.completed(p.path, true, dbus.MakeVariant(""))
	return nil
}

type properties struct{ f *Fake }

func (p properties) Get(_, name string) (dbus.Variant, *dbus.Error) {
	is := p.f.behaviour()
	switch {
	case name == "Locked":
		return dbus.MakeVariant(is.Locked), nil
	case name == "Collections" && is.OddCollections:
		return dbus.MakeVariant("odd"), nil
	case name == "Collections":
		return dbus.MakeVariant([]dbus.ObjectPath{loginPath}), nil
	}
	return dbus.Variant{}, dbus.NewError("org.freedesktop.DBus.Error.UnknownProperty", nil)
}
