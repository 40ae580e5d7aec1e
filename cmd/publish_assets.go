package cmd

import (
	"context"
	"fmt"
	"io"

	"github.com/fatih/color"

	"paddock/config"
	"paddock/publish"
)

// assetsResult is what became of the static files, as --json prints it.
type assetsResult struct {
	Files    int   `json:"files"`
	Bytes    int64 `json:"bytes"`
	Uploaded *int  `json:"uploaded,omitempty"` // the others were there already; nil in a dry run
}

// shipAssets uploads the static files of a worker, which the plan's upload then
// names. The result is nil if it has none.
func (o *publishOptions) shipAssets(ctx context.Context, target publish.AssetTarget, plan *publish.Plan, w *config.Worker) (*assetsResult, error) {
	assets, err := publish.ListAssets(w)
	if assets == nil || err != nil {
		return nil, err
	}
	progress := o.io.Progress(fmt.Sprintf("Uploading %s", plural(len(assets.Files), "static file")))
	defer progress.Done()
	sent, err := plan.UploadAssets(ctx, target, assets, progress.Set)
	return &assetsResult{Files: len(assets.Files), Bytes: assets.Bytes, Uploaded: &sent}, err
}

// plannedAssets is what shipAssets would look at.
func plannedAssets(w *config.Worker) (*assetsResult, error) {
	assets, err := publish.ListAssets(w)
	if assets == nil || err != nil {
		return nil, err
	}
	return &assetsResult{Files: len(assets.Files), Bytes: assets.Bytes}, nil
}

// showAssets prints a line for the static files, if there are any.
func (o *publishOptions) showAssets(w io.Writer, a *assetsResult) {
	if a == nil {
		return
	}
	fmt.Fprintf(w, "Static files: %s, %s", o.io.OutStyle(color.Bold)(fmt.Sprint(a.Files)), kib(a.Bytes))
	switch {
	case a.Uploaded == nil:
	case *a.Uploaded == 0:
		fmt.Fprint(w, " (all of them uploaded before)")
	default:
		fmt.Fprintf(w, " (%d uploaded)", *a.Uploaded)
	}
	fmt.Fprintln(w)
}
