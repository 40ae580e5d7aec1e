package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
)

//go:generate env -u GOOS -u GOARCH go run ./embed $GOOS/$GOARCH

// Bundled reports whether this program has the engine inside, which is then
// unpacked instead of fetched. It takes the build tag "bundled".
func Bundled() bool { return embedded != "" }

// errEmbeddedDamaged is wrapped by errors of the compressed data.
var errEmbeddedDamaged = errors.New("its data are damaged")

// unpackEmbedded leaves the embedded binary at dst, checked, durable and
// executable.
func (f Finder) unpackEmbedded(ctx context.Context, dst string, rel binaryRelease) error {
	unpacked, err := openCompressed(verifyReader{ctx, strings.NewReader(rel.embedded)})
	if err != nil {
		return err
	}
	defer unpacked.Close()
	// One byte more than there should be is enough for a wrong checksum.
	src := io.LimitReader(damageReader{unpacked}, rel.binarySize+1)
	return installCreate(dst, &progressReader{r: src, total: rel.binarySize, report: f.Progress}, rel)
}

// openCompressed unpacks on the caller's goroutine and in little memory: both
// count while a session starts, and the disk is slower anyway.
func openCompressed(r io.Reader) (*zstd.Decoder, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
}

// A damageReader marks what is wrong with the data, as against the disk to
// which they are written.
type damageReader struct{ r io.Reader }

func (d damageReader) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: %w", errEmbeddedDamaged, err)
	}
	return n, err
}

// A progressReader tells how much has been read of it.
type progressReader struct {
	r           io.Reader
	done, total int64
	report      func(done, total int64) // may be nil
}

func (p *progressReader) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.done += int64(n)
	if p.report != nil {
		p.report(p.done, p.total)
	}
	return n, err
}
