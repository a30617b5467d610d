package private

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// identity is who the server's processes run as.
type identity struct {
	// name is for logs and errors.
	name string
	// attr gives fresh process attributes.
	attr func() *syscall.SysProcAttr
	// uid and gid own the cluster; -1 leaves the files ours.
	uid, gid int
}

func ourselves() identity {
	return identity{
		name: "the current user",
		attr: func() *syscall.SysProcAttr { return &syscall.SysProcAttr{} },
		uid:  -1, gid: -1,
	}
}

func asUser(uid, gid int) identity {
	credential := syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return identity{
		name: fmt.Sprintf("user %d", uid),
		attr: func() *syscall.SysProcAttr {
			return &syscall.SysProcAttr{Credential: &credential}
		},
		uid: uid, gid: gid,
	}
}

// chooseIdentity picks who runs the server on the cluster below dataDir: the
// caller, or when that is root the first stand-in that can start a program in
// the data folder.
func chooseIdentity(ctx context.Context, bin binaries, dataDir string) (identity, error) {
	if os.Geteuid() != 0 {
		return ourselves(), nil
	}
	var refused []error
	for _, candidate := range standIns(dataDir) {
		err := candidate.probe(ctx, bin, dataDir)
		if err == nil {
			return candidate, nil
		}
		refused = append(refused, fmt.Errorf("as %s: %w", candidate.name, err))
	}
	return identity{}, fmt.Errorf("PostgreSQL does not run as root, and nobody else can run it in %s: %w", dataDir, errors.Join(refused...))
}

// standIns lists who may run the server for root. A cluster that an ordinary
// user owns stays with that user.
func standIns(dataDir string) []identity {
	if uid, gid, ok := owner(filepath.Join(dataDir, clusterDir)); ok && uid != 0 {
		return []identity{asUser(uid, gid)}
	}
	account := namedAccount()
	candidates := namespaced(account)
	if uid, gid, ok := owner(filepath.Dir(dataDir)); ok && uid != 0 {
		candidates = append(candidates, asUser(uid, gid))
	}
	if account.named {
		candidates = append(candidates, asUser(account.uid, account.gid))
	}
	return candidates
}

// probe runs a program of the installation in the data folder, which shows
// that the stand-in is allowed by the kernel and reaches both places. The data
// folder itself is opened for another user to pass through; what is in it
// keeps its own rights.
func (id identity) probe(ctx context.Context, bin binaries, dataDir string) error {
	if id.uid >= 0 {
		info, err := os.Stat(dataDir)
		if err != nil {
			return err
		}
		if err := os.Chmod(dataDir, info.Mode().Perm()|0o011); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, bin.path("postgres"), "--version")
	cmd.Dir = dataDir
	cmd.SysProcAttr = id.attr()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, firstLine(out))
	}
	return nil
}

// own hands a file or folder to the identity.
func (id identity) own(path string) error {
	if id.uid < 0 {
		return nil
	}
	if err := os.Lchown(path, id.uid, id.gid); err != nil {
		return fmt.Errorf("hand %s to %s: %w", path, id.name, err)
	}
	return nil
}

// account is an ordinary user of the system.
type account struct {
	uid, gid int
	// named is false for the stand-in of last resort, which owns no files.
	named bool
}

// namedAccount is the user postgres, else nobody. initdb insists on an account
// that has a name.
func namedAccount() account {
	for _, name := range []string{"postgres", "nobody"} {
		entry, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(entry.Uid)
		gid, gidErr := strconv.Atoi(entry.Gid)
		if uidErr == nil && gidErr == nil {
			return account{uid: uid, gid: gid, named: name == "postgres"}
		}
	}
	return account{uid: 65534, gid: 65534}
}

func owner(path string) (uid, gid int, ok bool) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, 0, false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(stat.Uid), int(stat.Gid), true
}
