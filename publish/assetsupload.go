package publish

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sync/errgroup"

	"paddock/internal/cfapi"
)

// assetUploads is how many buckets are on their way at once.
const assetUploads = 3

// An AssetTarget takes static files. [*cfapi.Client] is one.
type AssetTarget interface {
	StartAssets(ctx context.Context, script string, manifest cfapi.AssetManifest) (*cfapi.AssetSession, error)
	UploadAssets(ctx context.Context, session string, files []cfapi.Part) (*cfapi.AssetUpload, error)
}

// UploadAssets sends those static files that the target does not have yet, and
// has the plan's upload name them all. It returns how many it sent. progress,
// if it is not nil, is told of the bytes that are done of those to be sent.
func (p *Plan) UploadAssets(ctx context.Context, target AssetTarget, a *Assets, progress func(done, total int64)) (sent int, err error) {
	manifest := cfapi.AssetManifest{Manifest: map[string]cfapi.AssetFile{}}
	files := map[string]Asset{}
	for _, f := range a.Files {
		manifest.Manifest[f.Path] = cfapi.AssetFile{Hash: f.Hash, Size: f.Size}
		files[f.Hash] = f
	}
	session, err := target.StartAssets(ctx, p.Script, manifest)
	if err != nil {
		return 0, fmt.Errorf("upload static files: %w", err)
	}
	u := assetUpload{target: target, session: session.JWT, progress: progress}
	for _, bucket := range session.Buckets {
		var list []Asset
		for _, hash := range bucket {
			f, ok := files[hash]
			if !ok {
				return 0, errors.New("upload static files: a file was requested that does not appear to exist")
			}
			list = append(list, f)
			u.total += f.Size
		}
		u.buckets = append(u.buckets, list)
		sent += len(list)
	}
	token := session.JWT
	if sent > 0 {
		if token, err = u.run(ctx); err != nil {
			return 0, fmt.Errorf("upload static files: %w", err)
		}
	}
	p.Form.Metadata.Assets = &cfapi.Assets{JWT: token, Config: a.Config}
	return sent, nil
}

// assetUpload is the sending of buckets.
type assetUpload struct {
	target   AssetTarget
	session  string
	buckets  [][]Asset
	total    int64
	progress func(done, total int64)

	mu    sync.Mutex
	done  int64
	token string // of the completed session
}

// run sends all buckets and returns the token of the completed session.
func (u *assetUpload) run(ctx context.Context) (string, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(assetUploads)
	for _, bucket := range u.buckets {
		group.Go(func() error { return u.send(ctx, bucket) })
	}
	if err := group.Wait(); err != nil {
		return "", err
	}
	if u.token == "" {
		return "", errors.New("the target did not confirm that all files have arrived")
	}
	return u.token, nil
}

// send sends one bucket. Files are read only now: there may be many.
func (u *assetUpload) send(ctx context.Context, bucket []Asset) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var parts []cfapi.Part
	size := int64(0)
	for _, f := range bucket {
		content, err := os.ReadFile(f.File)
		if err != nil {
			return err
		}
		parts = append(parts, cfapi.Part{Name: f.Hash, ContentType: assetType(f.Path), Content: content})
		size += int64(len(content))
	}
	answer, err := u.target.UploadAssets(ctx, u.session, parts)
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.done += size
	if answer.JWT != "" {
		u.token = answer.JWT
	}
	if u.progress != nil {
		u.progress(u.done, u.total)
	}
	return nil
}
