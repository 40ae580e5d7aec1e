package engine

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
)

// installSlack is how much the package may hold beside the binary.
const installSlack = 8 << 20

// installUnpack checks the tarball and, only then, looks into it. It takes
// one file out, checks that too, and leaves it durable and executable at dst.
func installUnpack(ctx context.Context, tarball, dst string, rel binaryRelease) error {
	if err := verifyTarball(ctx, tarball, rel); err != nil {
		return err
	}
	src, err := os.Open(tarball)
	if err != nil {
		return err
	}
	defer src.Close()
	entry, err := installOpenEntry(verifyReader{ctx, src}, "package/bin/"+filepath.Base(dst), rel)
	if err != nil {
		return err
	}
	return installCreate(dst, entry, rel)
}

// installOpenEntry returns a reader of one file in a gzipped tar archive. The
// limits hold even if a checksum in the table should be wrong one day.
func installOpenEntry(tgz io.Reader, name string, rel binaryRelease) (io.Reader, error) {
	gz, err := gzip.NewReader(tgz)
	if err != nil {
		return nil, fmt.Errorf("open package: %w", err)
	}
	archive := tar.NewReader(io.LimitReader(gz, rel.binarySize+installSlack))
	for {
		h, err := archive.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("the package has no %s", name)
		case err != nil:
			return nil, fmt.Errorf("read package: %w", err)
		case path.Clean(h.Name) != name:
			continue
		case h.Typeflag != tar.TypeReg || h.Size != rel.binarySize:
			return nil, fmt.Errorf("%s in the package is not a file of %d bytes", name, rel.binarySize)
		}
		return archive, nil
	}
}

// installCreate makes the binary out of what it reads.
func installCreate(dst string, entry io.Reader, rel binaryRelease) error {
	out, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		return err
	}
	return errors.Join(installWrite(out, entry, rel), out.Close())
}

// installWrite writes the binary and compares its checksum on the way.
func installWrite(out *os.File, entry io.Reader, rel binaryRelease) error {
	h := sha512.New()
	if _, err := io.Copy(io.MultiWriter(out, h), entry); err != nil {
		return fmt.Errorf("unpack engine: %w", err)
	}
	if err := compareSum(h, rel.binary); err != nil {
		return err
	}
	if err := out.Chmod(0o755); err != nil {
		return err
	}
	return out.Sync()
}
