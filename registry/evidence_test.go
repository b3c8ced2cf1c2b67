package registry

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

func TestEvidenceGrows(t *testing.T) {
	dir := t.TempDir()
	r, err := Open(filepath.Join(dir, "data"), filepath.Join(dir, "state"), Self(), Alive)
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"PATCH", "POST"} {
		calls := []account.Evidence{{At: time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC), Method: method, Path: "graph.microsoft.com/v1.0/applications", Status: 201, ClientRequestID: "c"}}
		if err := r.AppendEvidence(t.Context(), "0d7a469f", "application", calls); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.AppendEvidence(t.Context(), "0d7a469f", "application", nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "state", "evidence.log")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines, want one a call: %s", len(lines), b)
	}
	var got struct{ Account, Change, Method, ClientRequestID string }
	if err := json.Unmarshal([]byte(lines[1]), &got); err != nil || got.Method != "POST" || got.Change != "application" || got.Account != "0d7a469f" || got.ClientRequestID != "c" {
		t.Errorf("line = %s (%v)", lines[1], err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}
