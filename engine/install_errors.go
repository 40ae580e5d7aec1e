package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// installError gives a failure to unpack, after a download or without one, its
// cause and its way out.
func installError(ctx context.Context, dir string, rel binaryRelease, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("install the engine: %w", context.Cause(ctx))
	}
	var sum *checksumError
	wrongSum := errors.As(err, &sum)
	switch {
	case errors.Is(err, errEmbeddedDamaged), wrongSum && rel.embedded != "":
		return &BinaryError{Doing: "use the workerd " + Version + " in this program", Err: err,
			Hint: "Get paddock anew, as this copy of it is damaged, or set PADDOCK_WORKERD to a workerd binary."}
	case wrongSum:
		return &BinaryError{Doing: "verify " + rel.spec(), Err: err,
			Hint: "The download was thrown away. Run `npm cache verify` and try again; if it happens again, npm's registry or\n" +
				"a proxy serves something else, and PADDOCK_WORKERD can name a workerd binary that you trust."}
	case DiskFull(err):
		return installDiskFullError(dir, rel, err)
	case errors.Is(err, fs.ErrPermission):
		return installFolderError(dir, err)
	default:
		return &BinaryError{Doing: "install " + rel.spec() + " in " + dir, Err: err,
			Hint: "Run `paddock engine install` again, or set PADDOCK_WORKERD to a workerd binary."}
	}
}

func installDiskFullError(dir string, rel binaryRelease, err error) error {
	bytes := rel.binarySize
	if rel.embedded == "" {
		bytes += rel.tarballSize
	}
	need := (bytes + 1e6 - 1) / 1e6
	return &BinaryError{Doing: "install " + rel.spec() + " in " + dir, Err: fmt.Errorf("the disk is full: %w", err),
		Hint: fmt.Sprintf("Free %d MB there, or set %s to a folder on a larger disk.", need, binaryCacheVariable())}
}

// installFolderError is a cache folder that cannot be made or written to.
func installFolderError(dir string, err error) error {
	return &BinaryError{Doing: "write to the cache folder " + dir, Err: withOwner(err, dir),
		Hint: fmt.Sprintf("Make it writable, or set %s so that the cache lies elsewhere, or set PADDOCK_WORKERD to a workerd binary.",
			binaryCacheVariable())}
}
