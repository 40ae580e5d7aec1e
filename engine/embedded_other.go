//go:build bundled && !(linux && (amd64 || arm64))

package engine

const embedded = ""

// This does not compile, on purpose: the compiler's complaint is what somebody
// gets to read who builds with the tag "bundled" for a platform whose engine
// has no checksum in [binaryReleases].
var _ int = "paddock has no checksum of this platform's engine, so it embeds none"
