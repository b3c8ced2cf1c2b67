// Command xops-onboard links cloud accounts to Xops 360 from a terminal. This
// file wires everything: streams, ports and exit code; nothing else is wired
// anywhere else.
package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/adrg/xdg"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"
	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/aws"
	"github.com/axiomio/xops-onboard/azure"
	"github.com/axiomio/xops-onboard/cli"
	"github.com/axiomio/xops-onboard/entra"
	"github.com/axiomio/xops-onboard/internal/browser"
	"github.com/axiomio/xops-onboard/internal/demo"
	"github.com/axiomio/xops-onboard/internal/hardening"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/internal/turn"
	"github.com/axiomio/xops-onboard/internal/typed"
	"github.com/axiomio/xops-onboard/keystore"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/registry"
	"github.com/axiomio/xops-onboard/steps"
	"github.com/axiomio/xops-onboard/ui"
)

func main() { os.Exit(run()) }

func run() int {
	hardening.Apply()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGHUP)
	defer stop()
	return cli.Execute(ctx, cli.Ports{
		Run: start, Open: work, Records: records, Machine: machine, In: os.Stdin, Out: os.Stdout, Build: build,
		Terminal: terminals(), Shown: term.IsTerminal(os.Stdout.Fd()), Secret: secret(os.Stderr),
		OutWidth: width(os.Stdout), ErrsWidth: width(os.Stderr),
	}, os.Stderr)
}

// start opens the screens, or plain lines where they are asked for or where
// the terminal cannot draw.
func start(ctx context.Context, s cli.Start) error {
	w, err := open(s)
	if err != nil {
		return err
	}
	ops := link.New(ctx, w.ports)
	defer ops.Close()
	env, known, err := environment(ctx, ops, w, s)
	if err != nil {
		return err
	}
	if plain(s) {
		return lines(ctx, env, known, s.Draft)
	}
	if s.Draft != nil { // the wizard from there on, whatever is listed
		env.Begin = &steps.Begin{Draft: *s.Draft, Known: known}
		known = account.Contents{}
	}
	return screens(ctx, env, known, w)
}

// work is what a command works on. Its operations end when the command is over,
// or is told to stop, each between two writes.
func work(ctx context.Context, s cli.Start) (cli.World, error) {
	w, err := open(s)
	if err != nil {
		return cli.World{}, err
	}
	ops := link.New(ctx, w.ports)
	env, known, err := environment(ctx, ops, w, s)
	if err != nil {
		ops.Close()
		return cli.World{}, err
	}
	return cli.World{Env: env, Known: known, Close: ops.Close}, nil
}

// environment is what steps and commands need of the world, and what the
// registry lists.
func environment(ctx context.Context, ops *link.Operations, w world, s cli.Start) (steps.Env, account.Contents, error) {
	env := steps.Env{Ops: ops, Place: place(s.Demo), Demo: w.demo, Open: w.open, Now: time.Now, NewID: uuid.NewString}
	known, err := w.ports.Registry.Contents(ctx)
	if err != nil {
		return env, known, err
	}
	turn.LimitMemory(len(known.Accounts))
	if s.SignInClient != "" {
		if env.Client, err = account.ParseClientID(s.SignInClient); err != nil {
			return env, known, err
		}
	}
	env.Known, env.Drafts = known.Accounts, known.Drafts
	return env, known, nil
}

// world is what differs between the real program and the demo.
type world struct {
	ports link.Ports
	demo  steps.Demo
	open  func(ctx context.Context, url string) error // nil in the demo, which opens nothing
	reach func(context.Context, []account.Host) []account.Finding
	page  func(url string) string
	text  func(ctx context.Context, name, text string) (string, error)
}

func open(s cli.Start) (world, error) {
	if s.Demo {
		return openDemo()
	}
	h, err := openHome(s)
	if err != nil {
		return world{}, err
	}
	client, err := rest.New(rest.Options{Version: build().Version, Told: h.log.called})
	if err != nil {
		return world{}, err
	}
	files := keystore.Files{}
	ports := services(client, os.Getenv)
	ports.Keys, ports.Registry, ports.Save = keystore.New(filepath.Join(h.data, "keys"), os.Getenv), h.records, files
	return world{
		ports: ports,
		open:  browser.Open,
		text: func(ctx context.Context, name, text string) (string, error) {
			return files.Text(ctx, certificates(), name, text)
		},
	}, nil
}

// home is what the program keeps on this machine, beside the keys.
type home struct {
	data    string // directory
	records *registry.Registry
	log     debugLog
}

func openHome(s cli.Start) (h home, err error) {
	data, state, err := directories()
	if err != nil {
		return h, err
	}
	h.data = data
	if h.log, err = openDebug(s, state); err != nil {
		return h, err
	}
	h.log.tell(os.Stderr)
	h.records, err = registry.Open(data, state, registry.Self(), registry.Alive)
	return h, err
}

// records are what this machine has of accounts and drafts; the demo begins with none.
func records(s cli.Start) (link.Registry, error) {
	if s.Demo {
		return registry.Memory(), nil
	}
	h, err := openHome(s)
	return h.records, err
}

// openDemo is a world of which nothing is left: keys, registry and saved files
// are in memory, and the environment's proxy and authorities do not count.
func openDemo() (world, error) {
	d := demo.New(time.Now)
	client, err := rest.New(rest.Options{Transport: d.Transport(), Version: build().Version})
	if err != nil {
		return world{}, err
	}
	ports, files := services(client, d.Environment), (*keystore.MemoryFiles)(nil)
	ports.Keys, files = keystore.Memory()
	ports.Registry, ports.Save = registry.Memory(), files
	d.Upload(ports.AWS.Template)
	return world{
		ports: ports,
		reach: client.Examine,
		demo:  d,
		page:  d.Page,
		text: func(ctx context.Context, name, text string) (string, error) {
			return files.Text(ctx, "~/Downloads", name, text)
		},
	}, nil
}

// machine is this machine, as far as it can be opened, and what keeps the rest of it
// from being opened.
func machine(s cli.Start) link.Machine {
	now := time.Now()
	m := link.Machine{Now: time.Now, Itself: terminalFound(now)}
	if s.Demo {
		w, err := openDemo()
		if err == nil {
			m.Keys, m.Registry, m.Reach = w.ports.Keys, w.ports.Registry, w.reach
		}
		return m
	}
	fails := func(n account.CheckName, err error) {
		m.Itself = append(m.Itself, account.Finding{Check: account.Check{Name: n, State: account.Missing, Problem: account.AsProblem(err), At: now}, Needed: true})
	}
	data, state, err := directories()
	if err != nil {
		fails(account.Directories, err)
	} else {
		m.Itself = append(m.Itself, registry.Directories(now, data, state)...)
		m.Keys = keystore.New(filepath.Join(data, "keys"), os.Getenv)
		if reg, err := registry.Open(data, state, registry.Self(), registry.Alive); err != nil {
			fails(account.RecordsSound, err)
		} else {
			m.Registry = reg
		}
	}
	m.Itself = append(m.Itself, rest.Settings(os.Getenv, now)...)
	var log debugLog
	if state != "" {
		if log, err = openDebug(s, state); err != nil {
			fails(account.Directories, err)
		}
		log.tell(os.Stderr)
	}
	client, err := rest.New(rest.Options{Version: build().Version, Told: log.called})
	m.Itself = append(m.Itself, aws.New(client, time.Now, os.Getenv).Settings()...)
	if err == nil { // else the file of authorities stands among the settings
		m.Reach = client.Examine
	}
	return m
}

// services are the clouds, all reached through one client. getenv is what AWS's
// own variables are read from.
func services(client *rest.Client, getenv func(string) string) link.Ports {
	microsoft := entra.New(client, time.Now)
	return link.Ports{
		Microsoft: microsoft, SignIn: signIn(microsoft),
		Azure: azure.New(client, microsoft, time.Now), SignInAzure: signInAzure(client, microsoft),
		AWS: amazon{aws.New(client, time.Now, getenv)}, Now: time.Now,
	}
}

// amazon is aws as operations know it.
type amazon struct{ *aws.AWS }

// SignIn is aws's.
func (a amazon) SignIn(ctx context.Context, profile string, region account.AWSRegion) (link.AWSAdministrator, error) {
	admin, err := a.AWS.SignIn(ctx, profile, region)
	if err != nil {
		return nil, err // not a nil *Administrator in an interface
	}
	return admin, nil
}

// signInAzure is entra's sign-in for Azure Resource Manager as operations know it.
func signInAzure(client *rest.Client, e *entra.Entra) link.SignInAzure {
	return func(ctx context.Context, way account.SignInWay, wish account.SignInWish, tell func(account.SignInPrompt)) (link.AzureAdministrator, error) {
		wish.For = account.ResourceManager
		session, err := e.SignIn(ctx, way, wish, tell)
		if err != nil {
			return nil, err
		}
		return azure.Administer(client, wish.Cloud, session, time.Now), nil
	}
}

// signIn is entra's sign-in as operations know it.
func signIn(e *entra.Entra) link.SignIn {
	return func(ctx context.Context, way account.SignInWay, wish account.SignInWish, tell func(account.SignInPrompt)) (link.Administrator, error) {
		admin, err := e.SignInGraph(ctx, way, wish, tell)
		if err != nil {
			return nil, err // not a nil *Administrator in an interface
		}
		return admin, nil
	}
}

func screens(ctx context.Context, env steps.Env, known account.Contents, w world) error {
	// The renderer's table of widths has two million bytes, and is made for the first
	// character that is not Latin: a fifth of the first frame, were it made then.
	go ansi.StringWidthWc("─")
	app := ui.New(ctx, ui.Ports{Env: env, Open: w.open, Demo: w.page, Text: w.text}, known)
	// The first frame waits for the renderer's first tick, and so does every key.
	const ticks = 120
	input := tea.WithInput(typed.From(os.Stdin))
	_, err := tea.NewProgram(app, input, tea.WithContext(ctx), tea.WithFilter(ui.Filter), tea.WithFPS(ticks)).Run()
	if said := app.Ended(); said != "" {
		lipgloss.Println(account.Clean(said, 1000))
	}
	switch {
	case errors.Is(err, tea.ErrInterrupted):
		return tea.ErrInterrupted
	case err != nil:
		return fmt.Errorf("run the screens: %w", err)
	}
	return nil
}

// lines walks the route as plain lines, with a draft or with what the person
// chooses.
func lines(ctx context.Context, env steps.Env, known account.Contents, d *account.Draft) error {
	p := steps.Plain{Env: env, In: bufio.NewReader(os.Stdin), Out: os.Stdout, Secret: secret(os.Stdout)}
	if d == nil {
		chosen, err := p.Begin(ctx, known)
		if errors.Is(err, steps.ErrLeft) {
			return nil
		}
		if err != nil {
			return err
		}
		d = &chosen
	}
	_, err := p.Run(ctx, steps.Routes, *d)
	return err
}

// secret reads a passphrase without echo; nil where no terminal is.
func secret(out io.Writer) func(question string) ([]byte, error) {
	if !term.IsTerminal(os.Stdin.Fd()) {
		return nil
	}
	return func(question string) ([]byte, error) {
		fmt.Fprint(out, question+": ")
		defer fmt.Fprintln(out)
		return term.ReadPassword(os.Stdin.Fd())
	}
}

func plain(s cli.Start) bool {
	return s.Plain || os.Getenv("ACCESSIBLE") != "" && os.Getenv("ACCESSIBLE") != "0" || os.Getenv("TERM") == "dumb" || !terminals()
}

// terminals tells whether a person is at both ends.
func terminals() bool { return term.IsTerminal(os.Stdin.Fd()) && term.IsTerminal(os.Stdout.Fd()) }

// width is how wide a terminal is, 0 where it is none.
func width(f *os.File) int {
	w, _, err := term.GetSize(f.Fd())
	if err != nil {
		return 0
	}
	return w
}

// directories are where the registry and the keys are, and where what can be
// lost is: XOPS_HOME over both, else the system's own places.
func directories() (data, state string, err error) {
	if home := os.Getenv("XOPS_HOME"); home != "" {
		return home, filepath.Join(home, "state"), nil
	}
	// Without a home directory the places would be in the root of the disk.
	if _, err := os.UserHomeDir(); err != nil {
		return "", "", &account.Problem{Kind: account.HomeUnknown, Err: err}
	}
	return filepath.Join(xdg.DataHome, "xops-onboard"), filepath.Join(xdg.StateHome, "xops-onboard"), nil
}

// place is what this machine tells of where the person sits.
func place(simulated bool) steps.Place {
	home, _ := os.UserHomeDir()
	p := steps.Place{
		Home: home, Downloads: xdg.UserDirs.Download, Directory: ".",
		Calm: os.Getenv("ACCESSIBLE") != "" && os.Getenv("ACCESSIBLE") != "0",
	}
	if dir, err := os.Getwd(); err == nil {
		p.Directory = dir
	}
	if simulated {
		return p
	}
	p.Remote = !browser.Available(os.Getenv)
	if ssh := strings.Fields(os.Getenv("SSH_CONNECTION")); len(ssh) == 4 {
		p.Host = ssh[2] // the address the person's machine reached this one by
		// What the login said: looking the user up may ask a directory, and the
		// first screen waits for this.
		if name := cmp.Or(os.Getenv("USER"), os.Getenv("LOGNAME")); name != "" {
			p.Host = name + "@" + p.Host
		}
	}
	return p
}

// certificates is where files for the browser's machine go.
func certificates() string {
	p := place(false)
	if p.Remote {
		return p.Directory
	}
	return p.Downloads
}
