package keystore

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// namesMost is how many names are tried for one file.
const namesMost = 1000

// Files writes files for a person to pick up: certificates and texts, nothing
// secret. They are readable by all (0644).
type Files struct{}

// Certificate writes pem, which may hold nothing but certificates, as name
// into dir, which is made (0755) if it is missing. It never writes over
// anything: if something else has the name, "-2", "-3" … is put before the
// ending; a file with the same content is kept. It returns the whole path, and
// the file is on disk. FileNotWritten otherwise, and nothing is left then.
func (Files) Certificate(ctx context.Context, dir, name, pem string) (string, error) {
	if err := onlyCertificates(pem); err != nil {
		return "", notWritten(filepath.Join(dir, name), err)
	}
	return write(ctx, dir, name, pem)
}

// Text writes text as Certificate does.
func (Files) Text(ctx context.Context, dir, name, text string) (string, error) {
	return write(ctx, dir, name, text)
}

func write(ctx context.Context, dir, name, text string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", cancelled(err)
	}
	wrong := func(err error) (string, error) { return "", notWritten(filepath.Join(dir, name), err) }
	if err := plainName(name); err != nil {
		return wrong(err)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return wrong(err)
	}
	if err := makeDir(dir, 0o755); err != nil {
		return wrong(err)
	}
	root, err := os.OpenRoot(dir) // no name leads out of it
	if err != nil {
		return wrong(err)
	}
	defer root.Close()
	name, err = firstName(name, func(name string) (bool, error) {
		switch err := create(root, name, text); {
		case errors.Is(err, fs.ErrExist):
			return same(root, name, text), nil
		default:
			return err == nil, err
		}
	})
	if err != nil {
		return wrong(err)
	}
	return filepath.Join(dir, name), nil
}

// plainName refuses what is more than the name of a file.
func plainName(name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\\x00") {
		return errors.New("not the name of a file")
	}
	return nil
}

// firstName tries the name, and then with "-2", "-3" … before its ending,
// until take says that it is the one.
func firstName(name string, take func(string) (bool, error)) (string, error) {
	ending := filepath.Ext(name)
	stem := strings.TrimSuffix(name, ending)
	for n := 1; n < namesMost; n++ {
		try := name
		if n > 1 {
			try = fmt.Sprintf("%s-%d%s", stem, n, ending)
		}
		if ok, err := take(try); ok || err != nil {
			return try, err
		}
	}
	return "", errors.New("too many files have the name already")
}

// create writes a file that was not there, onto the disk. What could not be
// written whole is removed.
func create(root *os.Root, name, text string) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		_ = root.Remove(name)
		return err
	}
	return syncDir(root.Name())
}

// same tells whether a file, not a link to one, has this content.
func same(root *os.Root, name, text string) bool {
	info, err := root.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() != int64(len(text)) {
		return false
	}
	f, err := root.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, info.Size()+1))
	return err == nil && string(b) == text
}

// onlyCertificates refuses PEM that holds anything but certificates, whatever
// a reader of PEM would skip included.
func onlyCertificates(text string) error {
	rest := []byte(text)
	for n := 0; ; n++ {
		block, after := pem.Decode(rest)
		if block == nil {
			if n == 0 || len(bytes.TrimSpace(rest)) > 0 {
				return errors.New("not a certificate in PEM")
			}
			return nil
		}
		if block.Type != account.CertificateBlock || len(block.Headers) > 0 || !bytes.HasPrefix(rest, pem.EncodeToMemory(block)) {
			return errors.New("not only certificates")
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return fmt.Errorf("not a certificate: %w", err)
		}
		rest = after
	}
}
