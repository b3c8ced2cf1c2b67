// Command simproxy runs the simulated cloud behind an HTTPS proxy on this
// machine and lets you play the administrator, so that a program can be tried
// in another terminal as if against the real services:
//
//	go run ./internal/simproxy/cmd/simproxy
//
// It prints what to export there, and then reads lines; "help" lists them.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/internal/simproxy"
	"github.com/axiomio/xops-onboard/internal/simproxy/player"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "simproxy: error:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) (err error) {
	cloud := simcloud.New(nil)
	tenant := cloud.AddTenant(simcloud.TenantSpec{
		Name: "Contoso", Initial: "contoso.onmicrosoft.com", Domains: []string{"contoso.com"},
		Licensed: true, Reviews: []string{"Guests quarterly"},
	})
	proxy, err := simproxy.Start(cloud)
	if err != nil {
		return err
	}
	defer func() {
		if e := proxy.Close(); err == nil {
			err = e
		}
	}()
	fmt.Fprintf(out, "# In the other terminal:\n%s\n\n# Tenant %s: contoso.com, contoso.onmicrosoft.com\n# help lists what the administrator can do; the end of input ends the proxy.\n",
		exports(proxy.Env()), tenant.ID())
	return play(player.New(cloud, tenant, proxy), in, out)
}

func exports(env []string) string {
	var lines []string
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		lines = append(lines, "export "+name+"='"+value+"'")
	}
	return strings.Join(lines, "\n")
}

// play carries lines out until they end, or somebody interrupts.
func play(p *player.Player, in io.Reader, out io.Writer) error {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(interrupted)
	lines, failed := make(chan string), make(chan error, 1)
	go func() { // ends with the process: a read of the terminal cannot be called off
		s := bufio.NewScanner(in)
		for s.Scan() {
			lines <- s.Text()
		}
		failed <- s.Err()
	}()
	for {
		select {
		case line := <-lines:
			if answer := p.Do(line); answer != "" {
				fmt.Fprintln(out, answer)
			}
		case err := <-failed:
			return err
		case <-interrupted:
			return nil
		}
	}
}
