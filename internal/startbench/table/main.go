// Command table measures what the program promises and prints it as one table:
// each figure is a ratio to a yardstick that was measured in the same run. It is
// run in the repository's root, by make bench.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// promise is a row: of all results of a benchmark whose name begins so, the
// largest of that unit.
type promise struct {
	what      string
	benchmark string
	unit      string
	most      float64
	of        string // what the figure is a multiple of, or counts
}

var promises = []promise{
	{"first frame", "FirstFrame", "ratio", 1.5, "× an empty Bubble Tea program on the same terminal"},
	{"first frame with 10,000 accounts", "FirstFrameOfMany", "ratio", 2, "× that with none"},
	{"`version`, the whole process", "Version", "ratio", 1.5, "× an empty cobra program"},
	{"`list` of 10,000 accounts, the whole process", "ListOfMany/verified=before", "ratio", 5, "× `version`"},
	{"sign-in to Connected, every answer 50 ms late: answers one after another", "Connected", "answers", 9, "answers"},
	{"the same: time", "Connected", "ratio", 1.25, "× the sum of those answers"},
	{"a key press among 10,000 accounts, until it is drawn", "ManyAccounts/", "ratio", 1.2, "× among 10"},
	{"`verify --all`, 1,000 accounts, 32 in flight, file store", "VerifyAll/file", "ratio", 1.3, "× the larger of the answers' makespan and of signing and TLS alone"},
	{"`verify --all`, the same, OS keyring", "VerifyAll/keyring", "ratio", 1.3, "× the larger of the answers' makespan and of signing and TLS alone"},
	{"`verify --all`, 10,000 accounts, some throttled: most memory", "VerifyThrottled", "memory", 1.5, "× that of 1,000"},
	{"the same: time for an account", "VerifyThrottled", "time", 1.2, "× that of 1,000"},
	{"`rotate --due`, 10,000 accounts, some throttled: most memory", "RotateThrottled", "memory", 1.5, "× that of 1,000"},
	{"the same: time for an account", "RotateThrottled", "time", 1.2, "× that of 1,000"},
	{"one change of many of an account among 10,000", "ManyChanges", "ratio", 2, "× among 10"},
	{"the binary, stripped", "Binary", "kB", 18_000, "kB"},
	{"memory of a whole onboarding, OS keyring", "Onboarding", "MB", 45, "MB"},
	{"keys a person presses, automatic way", "Onboarding", "presses", 10, "presses"},
}

// runs are the packages with their benchmarks.
var runs = [][2]string{
	{"./internal/e2e", "^Benchmark(FirstFrame|FirstFrameOfMany|Version|ListOfMany|VerifyAll|VerifyThrottled|RotateThrottled|Binary|Onboarding)$"},
	{"./link", "^BenchmarkConnected$"},
	{"./registry", "^BenchmarkManyChanges$"},
	{"./ui", "^BenchmarkManyAccounts$"},
}

// result is one figure of one benchmark.
type result struct {
	benchmark, unit string
	value           float64
}

func main() {
	var found []result
	on := machine() // before anything here makes it busy
	for _, r := range runs {
		fmt.Fprintln(os.Stderr, "measuring", r[0])
		out, err := exec.Command("go", "test", r[0], "-run", "^$", "-bench", r[1], "-benchtime", "1x", "-timeout", "1h").CombinedOutput()
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n%s", r[0], err, out)
			os.Exit(1)
		}
		found = append(found, read(out)...)
	}
	fmt.Printf("%s, %s\n\n| what | measured | promised | |\n|---|---|---|---|\n", time.Now().Format(time.DateOnly), on)
	for _, p := range promises {
		have, ok := p.largest(found)
		if !ok {
			fmt.Fprintln(os.Stderr, "nothing was measured of:", p.what)
			os.Exit(1)
		}
		verdict := "holds"
		if have > p.most {
			verdict = "**does not hold**"
		}
		fmt.Printf("| %s | %s %s | at most %g | %s |\n", p.what, figure(have), p.of, p.most, verdict)
	}
}

// figure is a number as people read it.
func figure(f float64) string {
	if f >= 1000 {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strconv.FormatFloat(f, 'g', 3, 64)
}

// processors is the end of a benchmark's name.
var processors = regexp.MustCompile(`-\d+$`)

// read reads what go test prints of benchmarks: a name, how often, and figures
// with their units.
func read(out []byte) (all []result) {
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		name := processors.ReplaceAllString(strings.TrimPrefix(f[0], "Benchmark"), "")
		for i := 2; i+1 < len(f); i += 2 {
			if v, err := strconv.ParseFloat(f[i], 64); err == nil {
				all = append(all, result{name, f[i+1], v})
			}
		}
	}
	return all
}

func (p promise) largest(found []result) (most float64, ok bool) {
	for _, r := range found {
		of := r.benchmark == p.benchmark || strings.HasSuffix(p.benchmark, "/") && strings.HasPrefix(r.benchmark, p.benchmark)
		if of && r.unit == p.unit {
			most, ok = max(most, r.value), true
		}
	}
	return most, ok
}

// machine is what is measured on, and how busy that is with other things: no
// ratio is free of them.
func machine() string {
	model := runtime.GOARCH
	info, _ := os.ReadFile("/proc/cpuinfo")
	if _, after, ok := strings.Cut(string(info), "model name"); ok {
		line, _, _ := strings.Cut(after, "\n")
		model = strings.Trim(line, "\t :")
	}
	kernel, _ := exec.Command("uname", "-sr").Output()
	load, _ := os.ReadFile("/proc/loadavg")
	busy, _, _ := strings.Cut(string(load), " ")
	return fmt.Sprintf("%s, %d cores, %s, %s, load %s at the start", strings.Join(strings.Fields(model), " "), runtime.NumCPU(), strings.TrimSpace(string(kernel)), runtime.Version(), busy)
}
