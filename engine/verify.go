package engine

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// stampPrefix begins the name of a stamp that is being written; one that is
// left over is swept by the next installation.
const stampPrefix = ".stamp-"

// A binaryStamp lies beside a cached binary that has been hashed in full, and
// spares every further start the half second that this takes. The
// checksum in it makes a stamp worthless for another release. In a cache that
// users share, only what belongs to us or root is believed: others could have
// made stamp and binary to fit.
type binaryStamp struct {
	Size    int64  `json:"size"`
	ModTime int64  `json:"mtime"` // nanoseconds
	Sum     string `json:"checksum"`
}

func verifyStampPath(binary string) string { return binary + ".verified.json" }

func newBinaryStamp(info fs.FileInfo, rel binaryRelease) binaryStamp {
	return binaryStamp{Size: info.Size(), ModTime: info.ModTime().UnixNano(), Sum: rel.binary}
}

// verifyCached checks a binary in the cache, by its stamp if that fits and in
// full otherwise.
func verifyCached(ctx context.Context, path string, rel binaryRelease) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || !findExecutable(info) {
		return errors.New("it is not an executable file")
	}
	if !ownedByOther(info) && readStamp(path) == newBinaryStamp(info, rel) {
		return nil
	}
	info, err = verifyBinary(ctx, path, rel)
	if err != nil {
		return err
	}
	if !ownedByOther(info) {
		// The stamp only saves time, and a cache may be mounted read-only.
		_ = writeStamp(path, newBinaryStamp(info, rel))
	}
	return nil
}

// readStamp returns the zero stamp, which fits nothing, if there is none or
// it is not to be believed.
func readStamp(binary string) binaryStamp {
	f, err := os.Open(verifyStampPath(binary))
	if err != nil {
		return binaryStamp{}
	}
	defer f.Close()
	var s binaryStamp
	info, err := f.Stat()
	if err != nil || ownedByOther(info) || json.NewDecoder(f).Decode(&s) != nil {
		return binaryStamp{}
	}
	return s
}

func writeStamp(binary string, s binaryStamp) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(binary), stampPrefix)
	if err != nil {
		return err
	}
	_, err = tmp.Write(text)
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), verifyStampPath(binary))
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

// A checksumError is a file that is not what it should be.
type checksumError struct{ want, got string }

func (e *checksumError) Error() string {
	return fmt.Sprintf("wrong checksum\n  expected %s\n  got      %s", e.want, e.got)
}

// verifyBinary hashes a binary in full. The facts that it returns are those
// of the very file that was hashed, even if the name means another by now.
func verifyBinary(ctx context.Context, path string, rel binaryRelease) (fs.FileInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() != rel.binarySize {
		return nil, fmt.Errorf("it has %d bytes instead of %d", info.Size(), rel.binarySize)
	}
	return info, verifySum(ctx, f, rel.binary)
}

// verifyTarball checks a downloaded package.
func verifyTarball(ctx context.Context, path string, rel binaryRelease) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return verifySum(ctx, f, rel.tarball)
}

func verifySum(ctx context.Context, r io.Reader, want string) error {
	h := sha512.New()
	if _, err := io.Copy(h, verifyReader{ctx, r}); err != nil {
		return err
	}
	return compareSum(h, want)
}

func compareSum(h hash.Hash, want string) error {
	got := "sha512-" + base64.StdEncoding.EncodeToString(h.Sum(nil))
	if got != want {
		return &checksumError{want: want, got: got}
	}
	return nil
}

// A verifyReader ends a long read soon after its context.
type verifyReader struct {
	ctx context.Context
	r   io.Reader
}

func (c verifyReader) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.r.Read(p)
}
