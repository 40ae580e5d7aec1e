package engine

import "io/fs"

// ownerOf returns -1 for an unknown owner: a cache folder of Windows is not
// one that users share.
func ownerOf(fs.FileInfo) int { return -1 }
