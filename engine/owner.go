package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
)

// ownedByOther reports whether a file belongs to somebody else than us and
// root, who could change it and set its times as they like.
func ownedByOther(info fs.FileInfo) bool {
	uid := ownerOf(info)
	return uid > 0 && uid != os.Geteuid()
}

// withOwner adds to a refused permission whose folder it is that stands in
// the way: a cache that sudo has made, or that of another user.
func withOwner(err error, dir string) error {
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	info, statErr := os.Stat(dir)
	for statErr != nil && filepath.Dir(dir) != dir {
		dir = filepath.Dir(dir)
		info, statErr = os.Stat(dir)
	}
	if statErr != nil || ownerOf(info) < 0 || ownerOf(info) == os.Geteuid() {
		return err
	}
	return fmt.Errorf("%w (%s belongs to %s)", err, dir, userName(ownerOf(info)))
}

func userName(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "user " + id
}
