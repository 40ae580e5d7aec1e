package gateway

import "encoding/binary"

// opClose is the opcode of a WebSocket close frame.
const opClose = 8

// frames follows one direction of a WebSocket, so that it is known where a frame ends. It reads headers
// only and changes nothing.
type frames struct {
	header  [14]byte // of the frame at hand, as far as it has come
	got     int      // bytes of header
	payload uint64   // bytes of the payload that are still to come, once the header is complete
	inside  bool     // the header is complete, the payload is not
	closed  bool     // a whole close frame has passed; nothing comes after it
}

// atBoundary reports whether the last byte was the end of a frame.
func (f *frames) atBoundary() bool { return f.got == 0 && !f.inside }

// follow takes note of everything in p.
func (f *frames) follow(p []byte) {
	for len(p) > 0 {
		p = p[f.next(p):]
	}
}

// next takes note of p up to the end of the frame at hand and returns how many bytes that are.
func (f *frames) next(p []byte) int {
	taken := 0
	for !f.inside {
		if taken == len(p) {
			return taken
		}
		f.header[f.got] = p[taken]
		f.got++
		taken++
		f.inside = f.got >= 2 && f.got == f.headerLen()
	}
	if f.payload == 0 && f.got > 0 {
		f.payload = f.payloadLen()
		f.got = 0
	}
	part := min(f.payload, uint64(len(p)-taken))
	f.payload -= part
	taken += int(part)
	if f.payload == 0 {
		f.inside = false
		f.closed = f.closed || f.header[0]&0x0f == opClose
	}
	return taken
}

// headerLen returns the length of the header, which its second byte decides.
func (f *frames) headerLen() int {
	n := 2
	switch f.header[1] & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if f.header[1]&0x80 != 0 { // a mask, which clients send
		n += 4
	}
	return n
}

func (f *frames) payloadLen() uint64 {
	switch n := f.header[1] & 0x7f; n {
	case 126:
		return uint64(binary.BigEndian.Uint16(f.header[2:]))
	case 127:
		return binary.BigEndian.Uint64(f.header[2:])
	default:
		return uint64(n)
	}
}

// closeFrame returns an unmasked close frame, as servers send it. The reason must be shorter than 124 bytes.
func closeFrame(code uint16, reason string) []byte {
	frame := []byte{0x80 | opClose, byte(2 + len(reason))}
	frame = binary.BigEndian.AppendUint16(frame, code)
	return append(frame, reason...)
}
