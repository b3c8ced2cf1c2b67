package keystore

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/axiomio/xops-onboard/account"
)

const (
	// phraseVariable names a file with the passphrase of the file store.
	phraseVariable = "XOPS_PASSPHRASE_FILE"
	// credentialsVariable is the directory that systemd makes for the
	// credentials of a service, and phraseCredential our name in it
	// (LoadCredential= and LoadCredentialEncrypted= in
	// https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html).
	credentialsVariable = "CREDENTIALS_DIRECTORY"
	phraseCredential    = "xops-passphrase"

	phraseFileMost = 4 << 10
)

// givenPhrase is the passphrase that was laid ready, nil if none was. A file
// that was named and cannot be used is a PassphraseFile: the next source is
// not tried, as it would be another passphrase.
func givenPhrase(getenv func(string) string) ([]byte, error) {
	if name := getenv(phraseVariable); name != "" {
		return readPhrase(name, private)
	}
	if dir := getenv(credentialsVariable); dir != "" {
		phrase, err := readPhrase(filepath.Join(dir, phraseCredential), credential)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return phrase, err
	}
	return nil, nil
}

// readPhrase reads a passphrase, less one line end. The file may be reached
// through a link; what counts is whose it is and who can read it.
func readPhrase(name string, fit func(fs.FileInfo) bool) ([]byte, error) {
	wrong := func(err error) ([]byte, error) {
		return nil, &account.Problem{Kind: account.PassphraseFile, Subject: account.Clean(name, 200), Err: err}
	}
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() { // opening a pipe would wait
		return wrong(errors.Join(err, errors.New("not a regular file")))
	}
	f, err := os.Open(name)
	if err != nil {
		return wrong(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || !fit(info) {
		return wrong(errors.Join(err, errors.New("others can read it, or own it")))
	}
	b, err := io.ReadAll(io.LimitReader(f, phraseFileMost+1))
	if err != nil || len(b) > phraseFileMost {
		clear(b)
		return wrong(errors.Join(err, errors.New("too long")))
	}
	phrase := bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
	if len(phrase) == 0 {
		return wrong(errors.New("empty"))
	}
	return phrase, nil
}
