//go:build !bundled

package engine

// embedded is empty: this program fetches its engine.
const embedded = ""
