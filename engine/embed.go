package engine

import (
	"context"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

// Embed compresses the pinned engine into dir, where a build with the tag
// "bundled" takes it from, and returns the path of the file. The engine is
// installed if it has to be; its checksum is compared as it is read. A file
// that is there and unpacks to the pinned engine is left alone.
func (f Finder) Embed(ctx context.Context, dir string) (string, error) {
	rel, err := f.release()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, f.embedName())
	if embedFits(ctx, path, rel) {
		return path, nil
	}
	found, err := f.Install(ctx)
	if err != nil {
		return "", err
	}
	tmp, err := os.CreateTemp(dir, f.embedName())
	if err != nil {
		return "", err
	}
	err = f.compress(ctx, tmp, found.Path, rel)
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("compress %s: %w", found.Path, err), os.Remove(tmp.Name()))
	}
	return path, nil
}

// embedName has version and platform in it, so that no build takes another
// engine for its own: without the right file it does not compile.
func (f Finder) embedName() string { return "workerd-" + f.fullVersion() + ".zst" }

// embedFits reports whether the compressed engine is already there.
func embedFits(ctx context.Context, path string, rel binaryRelease) bool {
	src, err := os.Open(path)
	if err != nil {
		return false
	}
	defer src.Close()
	unpacked, err := openCompressed(src)
	if err != nil {
		return false
	}
	defer unpacked.Close()
	return verifySum(ctx, io.LimitReader(unpacked, rel.binarySize+1), rel.binary) == nil
}

// compress takes the best ratio that the package has: it is paid for once per
// build, and each download gains. A window of more than its 8 MB would gain
// one percent and cost memory whenever it is unpacked.
func (f Finder) compress(ctx context.Context, dst io.Writer, path string, rel binaryRelease) error {
	src, err := os.Open(path)
	if err != nil {
		return err
	}
	defer src.Close()
	z, err := zstd.NewWriter(dst, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return err
	}
	h := sha512.New()
	read := &progressReader{r: verifyReader{ctx, src}, total: rel.binarySize, report: f.Progress}
	_, err = io.Copy(z, io.TeeReader(read, h))
	if err = errors.Join(err, z.Close()); err != nil {
		return err
	}
	return compareSum(h, rel.binary)
}
