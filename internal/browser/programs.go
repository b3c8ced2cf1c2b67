package browser

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// program is a command line. %s in it stands for the address, which comes last
// where there is none.
type program []string

func (p program) with(address string) []string {
	argv := slices.Clone(p)
	found := false
	for i, word := range argv[1:] {
		found = found || strings.Contains(word, "%s")
		argv[i+1] = strings.ReplaceAll(word, "%s", address)
	}
	if !found {
		argv = append(argv, address)
	}
	return argv
}

// programs is what could show a page here, best first, with whole paths.
func (o opener) programs() []program {
	var found []program
	for _, p := range append(o.chosen(), o.system()...) {
		if path := o.find(p[0]); path != "" && !text(path) {
			found = append(found, append(program{path}, p[1:]...))
		}
	}
	return found
}

// chosen is $BROWSER: programs with arguments, separated as directories in
// $PATH are. There is no shell between, so nothing in an address can be taken for one's
// syntax.
func (o opener) chosen() []program {
	separator := ":"
	if o.goos == "windows" {
		separator = ";"
	}
	var chosen []program
	for one := range strings.SplitSeq(o.getenv("BROWSER"), separator) {
		if words := strings.Fields(one); len(words) > 0 {
			chosen = append(chosen, words)
		}
	}
	return chosen
}

// system is what the operating system has for opening pages, where the person
// would see it.
func (o opener) system() []program {
	remote := o.getenv("SSH_CONNECTION") != "" || o.getenv("SSH_TTY") != ""
	switch o.goos {
	case "darwin":
		if !remote {
			return []program{{"/usr/bin/open"}}
		}
	case "windows":
		if !remote {
			return []program{{"rundll32", "url.dll,FileProtocolHandler"}}
		}
	default:
		var programs []program
		if wsl := o.getenv("WSL_DISTRO_NAME") != "" || o.getenv("WSL_INTEROP") != ""; wsl && !remote {
			programs = append(programs, program{"wslview"})
		}
		if o.getenv("DISPLAY") != "" || o.getenv("WAYLAND_DISPLAY") != "" {
			programs = append(programs, program{"xdg-open"}) // without a display it looks for text browsers
		}
		return programs
	}
	return nil
}

// find is the whole path of a program in $PATH, empty if there is none.
// Relative directories are not searched.
func (o opener) find(name string) string {
	places := []string{name}
	if filepath.Base(name) == name {
		places = nil
		for _, dir := range filepath.SplitList(o.getenv("PATH")) {
			if filepath.IsAbs(dir) {
				places = append(places, filepath.Join(dir, name))
			}
		}
	}
	for _, place := range places {
		if path, err := exec.LookPath(place); err == nil {
			return path
		}
	}
	return ""
}

// text tells whether the program is a browser that lives in a terminal, also
// under the name of an alternative.
func text(path string) bool {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		real = path
	}
	for _, p := range []string{path, real} {
		name := strings.TrimSuffix(strings.ToLower(filepath.Base(p)), ".exe")
		if slices.Contains([]string{"lynx", "w3m", "links", "links2", "elinks", "www-browser", "browsh", "carbonyl"}, name) {
			return true
		}
	}
	return false
}
