package backup

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// The line behind the zip.
const (
	sealPrefix = "\nfleetledger backup sha256 "
	sealLength = len(sealPrefix) + 2*sha256.Size + 1
)

// archive is a backup being written, under a name of its own until it is whole.
type archive struct {
	path string // the final one
	file *os.File
	hash hash.Hash // of the file so far
	zip  *zip.Writer
}

// ErrExists says that there is a file of that name, which stays as it is.
var ErrExists = errors.New("the file exists, and a backup never overwrites one")

// createArchive begins a file, mode 0600. What a backup that was cut short has
// left under the same name is written over.
func createArchive(path string) (*archive, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("%s: %w", path, ErrExists)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	file, err := os.OpenFile(path+".tmp", os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator's choice
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: another backup is being written there", path)
		}
		return nil, fmt.Errorf("lock %s: %w", file.Name(), err)
	}
	if err := errors.Join(file.Truncate(0), file.Chmod(0o600)); err != nil {
		_ = file.Close()
		return nil, err
	}
	a := &archive{path: path, file: file, hash: sha256.New()}
	a.zip = zip.NewWriter(io.MultiWriter(file, a.hash))
	a.zip.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	return a, nil
}

// finish writes the manifest and the last line, and gives the file its name once
// all of it is on the disk.
func (a *archive) finish(m Manifest) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	entry, err := a.zip.Create(manifestEntry)
	if err == nil {
		_, err = entry.Write(append(text, '\n'))
	}
	if err == nil {
		err = a.zip.Close()
	}
	if err == nil {
		_, err = a.file.WriteString(sealPrefix + hex.EncodeToString(a.hash.Sum(nil)) + "\n")
	}
	if err == nil {
		err = a.file.Sync()
	}
	if err != nil {
		return err
	}
	if _, err := os.Lstat(a.path); err == nil {
		return fmt.Errorf("%s: %w", a.path, ErrExists)
	}
	if err := os.Rename(a.file.Name(), a.path); err != nil {
		return err
	}
	return errors.Join(a.file.Close(), syncFolder(filepath.Dir(a.path)))
}

// RemoveUnfinished removes from a folder what backups have left that were killed.
func RemoveUnfinished(folder string) error {
	paths, err := filepath.Glob(filepath.Join(folder, "*.backup.tmp"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		file, err := os.Open(path) //nolint:gosec // found in the folder
		if err != nil {
			return err
		}
		if unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil { // else somebody is writing it
			err = os.Remove(path)
		}
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// abandon removes what was written.
func (a *archive) abandon() { _ = errors.Join(os.Remove(a.file.Name()), a.file.Close()) }

func syncFolder(path string) error {
	folder, err := os.Open(path) //nolint:gosec // of a file just written
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// File is a backup that is read.
type File struct {
	Manifest Manifest

	file *os.File
	size int64  // of the zip
	seal string // SHA-256 of it, as the last line has it
	zip  *zip.Reader
}

// Open opens a backup and reads its manifest. It looks no further: see Verify.
func Open(path string) (_ *File, err error) {
	f := &File{}
	if f.file, err = os.Open(path); err != nil { //nolint:gosec // the operator's choice
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = f.file.Close()
			err = fmt.Errorf("%s: %w", path, err)
		}
	}()
	info, err := f.file.Stat()
	if err != nil {
		return nil, err
	}
	if f.size = info.Size() - int64(sealLength); f.size < 0 {
		return nil, errCut
	}
	line := make([]byte, sealLength)
	if _, err := f.file.ReadAt(line, f.size); err != nil {
		return nil, err
	}
	digits, ok := bytes.CutPrefix(line, []byte(sealPrefix))
	if !ok || digits[len(digits)-1] != '\n' {
		return nil, errCut
	}
	f.seal = string(digits[:len(digits)-1])
	if f.zip, err = zip.NewReader(io.NewSectionReader(f.file, 0, f.size), f.size); err != nil {
		return nil, fmt.Errorf("its list of entries is damaged: %w", err)
	}
	text, err := f.manifest()
	if err != nil {
		return nil, err
	}
	f.Manifest, err = readManifest(text)
	return f, err
}

// errCut: the end of the file is not that of a backup.
var errCut = errors.New("this is no backup, or its end is missing")

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

func (f *File) manifest() ([]byte, error) {
	entry, err := f.zip.Open(manifestEntry)
	if err != nil {
		return nil, fmt.Errorf("%s is missing", manifestEntry)
	}
	defer func() { _ = entry.Close() }()
	text, err := io.ReadAll(io.LimitReader(entry, 16<<20))
	if err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", manifestEntry, err)
	}
	return text, nil
}

// table opens a table's rows.
func (f *File) table(t Table) (io.ReadCloser, error) {
	entry, err := f.zip.Open(t.entry())
	if err != nil {
		return nil, fmt.Errorf("the table %s is missing", t.Name)
	}
	return entry, nil
}
