package local

import (
	"io/fs"
	"os"
	"path/filepath"
)

// Usage is what a namespace holds. It is for people to look at: objects come
// and go while it is counted.
type Usage struct {
	Objects   int
	Bytes     int64 // in all files, alarms and logs of transactions included
	Estimated bool  // Bytes is made of a sample
}

// objectFile is the length of the name of an object's file: its id, 64 hex
// digits, and ".sqlite". The files beside it are longer, and that of the
// alarms has another name.
const objectFile = 64 + len(".sqlite")

// sample is how many files are looked at for their size. A publish with a
// migration shows what it moves, and must not take longer the more there is.
const sample = 1000

// usage counts what lies in a namespace's folder. One that is not there holds
// nothing, and neither does one that cannot be read.
func usage(dir string) Usage {
	f, err := os.Open(dir)
	if err != nil {
		return Usage{}
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return Usage{}
	}
	step := (len(names) + sample - 1) / sample
	u := Usage{Estimated: step > 1}
	looked := 0
	for i, name := range names {
		if _, ok := objectID(name); ok {
			u.Objects++
		}
		if i%step != 0 {
			continue
		}
		looked++
		if info, err := os.Lstat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			u.Bytes += info.Size()
		}
	}
	if u.Estimated {
		u.Bytes = u.Bytes / int64(looked) * int64(len(names))
	}
	return u
}

// objectsOf returns the folder with the objects of a namespace.
func (r *Runtime) objectsOf(key string) string { return filepath.Join(r.objectsDir(), key) }

// trashedOf returns the folder in the trash with the objects of a namespace,
// or "" if there is none, because there never was an object.
func (r *Runtime) trashedOf(key string) (string, error) {
	found, err := fs.Glob(os.DirFS(r.trashDir()), key+"-*")
	if err != nil || len(found) == 0 {
		return "", err
	}
	return filepath.Join(r.trashDir(), found[0]), nil
}
